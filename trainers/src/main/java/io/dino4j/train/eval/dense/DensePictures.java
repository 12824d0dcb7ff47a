package io.dino4j.train.eval.dense;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.picture.ColorMap;
import java.util.List;
import java.util.stream.IntStream;

/** What is said of every pixel, as colours. */
final class DensePictures {
    /** Panels of a report. */
    static final int SHOWN = 6;

    /** Share of the class's colour in an overlay. */
    private static final double COVER = 0.6;

    private DensePictures() {}

    /** Numbers of some of the test images, spread evenly. */
    static int[] shown(int images) {
        int n = Math.min(SHOWN, images);
        return IntStream.range(0, n).map(i -> (int) ((long) i * images / n)).toArray();
    }

    /**
     * An image under the colours of classes.
     *
     * @param labels of all pixels, row by row; below 0 the image shines through
     */
    static Image overlay(Image image, int[] labels, SegmentationClasses classes) {
        return overlay(image, labels, classes.colors());
    }

    /**
     * A frame under the colours of objects.
     *
     * @param mask of all pixels, row by row; objects from 1, the frame shines through at 0
     */
    static Image objects(Image frame, int[] mask) {
        int[] labels = java.util.Arrays.stream(mask).map(o -> o - 1).toArray();
        int most = java.util.Arrays.stream(labels).max().orElse(0);
        List<Integer> colors = IntStream.rangeClosed(0, most)
                .mapToObj(SegmentationClasses::color)
                .toList();
        return overlay(frame, labels, colors);
    }

    private static Image overlay(Image image, int[] labels, List<Integer> colors) {
        byte[] rgb = image.rgb().clone();
        for (int p = 0; p < labels.length; p++) {
            if (labels[p] < 0) {
                continue;
            }
            int color = colors.get(labels[p]);
            for (int c = 0; c < 3; c++) {
                int own = color >> 8 * (2 - c) & 255;
                rgb[3 * p + c] = (byte) Math.round(COVER * own + (1 - COVER) * (rgb[3 * p + c] & 255));
            }
        }
        return new Image(image.width(), image.height(), rgb);
    }

    /**
     * Depth in colours, near bright and far dark.
     *
     * @param depth of all pixels in metres; black where it is not above 0
     * @param most the darkest
     */
    static Image depth(float[] depth, int width, double most) {
        byte[] rgb = new byte[3 * depth.length];
        for (int p = 0; p < depth.length; p++) {
            int color = depth[p] > 0 ? ColorMap.VIRIDIS.color(1 - depth[p] / most) : 0;
            for (int c = 0; c < 3; c++) {
                rgb[3 * p + c] = (byte) (color >> 8 * (2 - c));
            }
        }
        return new Image(width, depth.length / width, rgb);
    }
}
