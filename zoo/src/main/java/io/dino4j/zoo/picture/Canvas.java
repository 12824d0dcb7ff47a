package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * An image to draw on. Lines and letters are OpenCV's, whose stroke font is part of the library: servers without fonts and without a
 * display draw the same.
 */
final class Canvas implements AutoCloseable {
    /** Largest canvas, in pixels: 300 MB. */
    private static final long MAX_PIXELS = 100_000_000L;

    private static final int FONT = opencv_imgproc.FONT_HERSHEY_SIMPLEX;
    private static final double FONT_SCALE = 0.42;

    /** Fractions of a pixel in the coordinates of lines: 4 bits. */
    private static final int SHIFT = 4;

    private static final double SUBPIXELS = 1 << SHIFT;

    private final int width;
    private final int height;
    private final BytePointer pixels;
    private final Mat mat;

    /**
     * A canvas of one colour.
     *
     * @param color 0xRRGGBB
     * @throws IllegalArgumentException if it would be too large
     */
    Canvas(int width, int height, int color) {
        if (width <= 0 || height <= 0 || (long) width * height > MAX_PIXELS) {
            throw new IllegalArgumentException(
                    "a picture of %d x %d pixels is too large; show fewer or smaller images".formatted(width, height));
        }
        this.width = width;
        this.height = height;
        pixels = new BytePointer(3L * width * height);
        mat = new Mat(height, width, opencv_core.CV_8UC3, pixels);
        byte[] row = new byte[3 * width];
        for (int i = 0; i < row.length; i++) {
            row[i] = (byte) (color >> 8 * (2 - i % 3));
        }
        for (int y = 0; y < height; y++) {
            pixels.position(3L * y * width).put(row);
        }
        pixels.position(0);
    }

    private static Scalar scalar(int color) {
        return new Scalar(color >> 16 & 255, color >> 8 & 255, color & 255, 0);
    }

    /** Puts an image on it, its top left corner at a place. */
    void paste(Image image, int left, int top) {
        if (left < 0 || top < 0 || left + image.width() > width || top + image.height() > height) {
            throw new IllegalArgumentException(
                    "%s at (%d, %d) is not within %d x %d".formatted(image, left, top, width, height));
        }
        for (int y = 0; y < image.height(); y++) {
            pixels.position(3L * ((long) (top + y) * width + left))
                    .put(image.rgb(), 3 * y * image.width(), 3 * image.width());
        }
        pixels.position(0);
    }

    /** Draws an antialiased line between two points in pixels. */
    void line(double fromX, double fromY, double toX, double toY, int color, int thickness) {
        try (Point from = point(fromX, fromY);
                Point to = point(toX, toY);
                Scalar c = scalar(color)) {
            opencv_imgproc.line(mat, from, to, c, thickness, opencv_imgproc.LINE_AA, SHIFT);
        }
    }

    /** Draws an antialiased disc. */
    void disc(double x, double y, double radius, int color) {
        try (Point center = point(x, y);
                Scalar c = scalar(color)) {
            opencv_imgproc.circle(
                    mat, center, (int) Math.round(radius * SUBPIXELS), c, -1, opencv_imgproc.LINE_AA, SHIFT);
        }
    }

    private static Point point(double x, double y) {
        return new Point((int) Math.round(x * SUBPIXELS), (int) Math.round(y * SUBPIXELS));
    }

    /**
     * Writes a line of text, shortened in the middle if it is too long.
     *
     * @param baseline of the letters, in pixels from the top
     * @param room in pixels; nothing is written where no letter fits
     */
    void text(String text, int left, int baseline, int room, int color) {
        String fitting = fitting(text.replaceAll("[^\\x20-\\x7e]", "?"), room); // the strokes are those of ASCII
        try (Point origin = new Point(left, baseline);
                Scalar c = scalar(color)) {
            opencv_imgproc.putText(mat, fitting, origin, FONT, FONT_SCALE, c, 1, opencv_imgproc.LINE_AA, false);
        }
    }

    private static String fitting(String text, int room) {
        String shown = text;
        for (int kept = text.length() - 1; textWidth(shown) > room && kept >= 0; kept--) {
            shown = kept == 0
                    ? ""
                    : text.substring(0, (kept + 1) / 2) + ".." + text.substring(text.length() - kept / 2);
        }
        return shown;
    }

    private static int textWidth(String text) {
        if (text.isEmpty()) {
            return 0;
        }
        try (Size size = opencv_imgproc.getTextSize(text, FONT, FONT_SCALE, 1, new int[1])) {
            return size.width();
        }
    }

    /** A copy of what has been drawn. */
    Image image() {
        byte[] rgb = new byte[3 * width * height];
        pixels.get(rgb);
        return new Image(width, height, rgb);
    }

    @Override
    public void close() {
        mat.close();
        pixels.close();
    }
}
