package io.dino4j.train.eval.dense;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageHeader;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Images as a network is to see them: resized so that both sides are whole patches, and where a window is asked for, in windows that overlap
 * by a third. All of an image is seen, and a grid of patches covers all of it.
 *
 * @param images the originals
 * @param list what is seen of them
 */
record Views(ImageSource images, List<View> list) implements ImageSource {
    /** Of a window that the next does not cover: 341 of 512 pixels in the official configurations. */
    private static final double STRIDE = 2.0 / 3;

    /**
     * A window of a resized image.
     *
     * @param image its number
     * @param width of the resized image, in pixels, a multiple of the patch size
     * @param height of the resized image
     * @param window part of the resized image, on whole patches
     */
    record View(int image, int width, int height, Box window) {
        Image of(Image original) {
            return BicubicResize.resizeCrop(original, width, height, window);
        }
    }

    /**
     * What is seen of an image.
     *
     * @param shortSide pixels
     * @param ratio of the resized image's sides to those of the short side
     * @param window side of a window in pixels, a multiple of the patch size; 0 for the whole image
     */
    static List<View> of(int image, int width, int height, int shortSide, double ratio, int window, int patch) {
        double scale = ratio * shortSide / Math.min(width, height);
        int w = whole(width * scale, patch);
        int h = whole(height * scale, patch);
        List<View> views = new ArrayList<>();
        for (int top : starts(h, window, patch)) {
            for (int left : starts(w, window, patch)) {
                int side = window == 0 ? Integer.MAX_VALUE : window;
                views.add(new View(image, w, h, new Box(top, left, Math.min(side, h), Math.min(side, w))));
            }
        }
        return views;
    }

    private static int whole(double pixels, int patch) {
        return patch * Math.max(1, (int) Math.round(pixels / patch));
    }

    /** The last window ends where the image does. */
    private static List<Integer> starts(int length, int window, int patch) {
        List<Integer> starts = new ArrayList<>(List.of(0));
        int step = Math.max(patch, (int) (STRIDE * window) / patch * patch);
        for (int at = 0; window > 0 && at + window < length; ) {
            at = Math.min(at + step, length - window);
            starts.add(at);
        }
        return starts;
    }

    /** What is seen of all images of a folder at their usual size. */
    static Views all(TruthFolder folder, DenseSettings settings, int patch) {
        List<View> views = new ArrayList<>();
        for (int i = 0; i < folder.size(); i++) {
            ImageHeader size = folder.header(i);
            views.addAll(of(i, size.width(), size.height(), settings.shortSide(), 1, settings.window(), patch));
        }
        return new Views(folder.images(), views);
    }

    @Override
    public int size() {
        return list.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return list.get(i).of(images.read(list.get(i).image)); // reduced images are a little different ones
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return images.encoded(list.get(i).image);
    }

    /** Tells views of one file apart, also for the cache of features. */
    @Override
    public String name(int i) {
        View v = list.get(i);
        boolean whole = v.window.width() == v.width && v.window.height() == v.height;
        return "%s at %dx%d%s".formatted(images.name(v.image), v.width, v.height, whole ? "" : ", " + v.window);
    }

    @Override
    public int label(int i) {
        return -1;
    }

    @Override
    public List<String> classes() {
        return List.of();
    }
}
