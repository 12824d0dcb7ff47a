package io.dino4j.data.curation;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import java.util.List;
import java.util.Locale;

/**
 * Groups of images for people to look at: the first of each group with those that are like it.
 *
 * @param heading what the groups are
 * @param text what to look for
 * @param groups in order
 */
public record Sheet(String heading, String text, List<Group> groups) {
    /** Height of a picture, in pixels. */
    private static final int HEIGHT = 96;

    private static final int MOST_WIDTH = 160;

    /** Enough pixels to make a picture of. */
    private static final Reduction SMALL = (width, height) -> {
        int divisor = 1;
        while (divisor < 8 && height / (2 * divisor) >= 2 * HEIGHT && width / (2 * divisor) >= 2) {
            divisor *= 2;
        }
        return divisor;
    };

    /**
     * Images side by side.
     *
     * @param caption what they have in common
     * @param pictures the first one is marked
     */
    public record Group(String caption, List<Picture> pictures) {}

    /**
     * One image of a group.
     *
     * @param images where it is
     * @param index its position there
     * @param note shown when the pointer rests on it
     */
    public record Picture(ImageSource images, int index, String note) {
        private String html(boolean first) {
            String name = images.name(index);
            try {
                return "<img%s alt=\"%s\" title=\"%s\" src=\"%s\">"
                        .formatted(
                                first ? " class=\"first\"" : "",
                                Page.escape(name),
                                Page.escape(name + " " + note),
                                Page.jpeg(thumbnail(images.read(index, SMALL))));
            } catch (UnreadableImageException e) { // it was there when it was embedded
                return "<span class=\"dim\">%s</span>".formatted(Page.escape(e.getMessage()));
            }
        }
    }

    /** A similarity as text. */
    static String similarity(float value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    /** Adds the groups to a page; nothing if there are none. */
    public void addTo(Page page) {
        if (groups.isEmpty()) {
            return;
        }
        page.heading(heading).paragraph(text).html("<div class=\"sheet\">\n");
        for (Group group : groups) {
            page.html("<figure><figcaption>" + Page.escape(group.caption()) + "</figcaption>");
            for (int i = 0; i < group.pictures().size(); i++) {
                page.html(group.pictures().get(i).html(i == 0));
            }
            page.html("</figure>\n");
        }
        page.html("</div>\n");
    }

    private static Image thumbnail(Image image) {
        double scale = Math.min(1, Math.min((double) HEIGHT / image.height(), (double) MOST_WIDTH / image.width()));
        int width = (int) Math.max(1, Math.round(image.width() * scale));
        int height = (int) Math.max(1, Math.round(image.height() * scale));
        return BicubicResize.resizeCrop(image, width, height, new Box(0, 0, height, width));
    }
}
