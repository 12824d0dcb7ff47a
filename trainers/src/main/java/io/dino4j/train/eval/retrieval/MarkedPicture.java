package io.dino4j.train.eval.retrieval;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.Optional;

/** Small pictures in frames that tell right from wrong, to those who do not see colours as well. */
final class MarkedPicture {
    /** For the legend. */
    static final String LEGEND = "unbroken green frame: right; broken red frame: wrong; grey: asked for";

    private static final int HEIGHT = 96;
    private static final int WIDEST = 192;
    private static final int FRAME = 5;
    private static final int DASH = 12;

    /** What a picture is. */
    enum Mark {
        ASKED(0x808080),
        RIGHT(0x1a9641),
        WRONG(0xd7191c);

        private final int color;

        Mark(int color) {
            this.color = color;
        }
    }

    private MarkedPicture() {}

    /** A picture of a source; empty if it cannot be read any more. */
    static Optional<Image> of(ImageSource images, int i, Mark mark) {
        try {
            return Optional.of(framed(small(images.read(i)), mark));
        } catch (UnreadableImageException e) {
            return Optional.empty();
        }
    }

    private static Image small(Image image) {
        double scale = Math.min((double) HEIGHT / image.height(), (double) WIDEST / image.width());
        int width = Math.max(1, (int) Math.round(image.width() * scale));
        int height = Math.max(1, (int) Math.round(image.height() * scale));
        return BicubicResize.resizeCrop(image, width, height, new Box(0, 0, height, width));
    }

    private static Image framed(Image image, Mark mark) {
        int width = image.width() + 2 * FRAME;
        int height = image.height() + 2 * FRAME;
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int to = 3 * (y * width + x);
                int inX = x - FRAME;
                int inY = y - FRAME;
                if (inX >= 0 && inX < image.width() && inY >= 0 && inY < image.height()) {
                    System.arraycopy(image.rgb(), 3 * (inY * image.width() + inX), rgb, to, 3);
                } else {
                    boolean gap = mark == Mark.WRONG && (x + y) / DASH % 2 == 1;
                    int color = gap ? 0xffffff : mark.color;
                    rgb[to] = (byte) (color >> 16);
                    rgb[to + 1] = (byte) (color >> 8);
                    rgb[to + 2] = (byte) color;
                }
            }
        }
        return new Image(width, height, rgb);
    }
}
