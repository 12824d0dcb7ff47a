package io.dino4j.data.image;

import java.nio.FloatBuffer;

/**
 * Pixels that transforms change in place. The memory grows to the largest picture and is used again, so that cutting crop after crop
 * allocates nothing. One thread may use an instance; a worker keeps one.
 *
 * <p>A pixel is one int, {@code 0xRRGGBB}: a third of the loads and stores of three bytes, and loops over ints become vector loops where
 * loops over bytes do not. All of it lies on the Java heap for the same reason.
 *
 * <pre>{@code
 * canvas.show(image);              // nothing is copied yet
 * recipe.apply(canvas, rng);       // cuts out of the image, then changes the crop
 * canvas.write(normalization, row);
 * }</pre>
 */
public final class Canvas {
    private final Resampler resampler = new Resampler();
    private final BlurRows blurRows = new BlurRows();
    private final int[] table = new int[256];
    private Image shown; // null once the pixels are our own
    private int[] pixels = new int[0];
    private float[] line = new float[0];
    private int width;
    private int height;

    /** Makes an empty canvas, which takes no memory until something is shown. */
    public Canvas() {}

    /** A canvas with the pixels of an image. */
    static Canvas of(Image image) {
        Canvas canvas = new Canvas();
        canvas.show(image);
        return canvas;
    }

    /**
     * Starts with an image. It is neither changed nor copied until a transform needs to.
     *
     * @param image any size
     */
    public void show(Image image) {
        shown = image;
        width = image.width();
        height = image.height();
    }

    /** Returns the number of columns. */
    public int width() {
        return width;
    }

    /** Returns the number of rows. */
    public int height() {
        return height;
    }

    /**
     * The pixels as they are now.
     *
     * @return the image that was shown if nothing has changed it, otherwise a new one
     */
    public Image toImage() {
        if (shown != null) {
            return shown;
        }
        byte[] rgb = new byte[3 * width * height];
        for (int p = 0, i = 0; i < rgb.length; p++, i += 3) {
            int pixel = pixels[p];
            rgb[i] = (byte) (pixel >> 16);
            rgb[i + 1] = (byte) (pixel >> 8);
            rgb[i + 2] = (byte) pixel;
        }
        return new Image(width, height, rgb);
    }

    /**
     * Writes the pixels as the network wants them.
     *
     * @param normalization to floats
     * @param out receives (3, H, W) floats from index 0 on, whatever its position, which stays; native memory or not
     */
    public void write(Normalization normalization, FloatBuffer out) {
        int[] in = pixels();
        if (line.length < width) {
            line = new float[width];
        }
        int plane = width * height;
        for (int c = 0; c < 3; c++) {
            float[] table = normalization.table(c);
            int shift = 16 - 8 * c;
            for (int y = 0; y < height; y++) {
                for (int x = 0, p = y * width; x < width; x++, p++) {
                    line[x] = table[in[p] >> shift & 0xff];
                }
                out.put(c * plane + y * width, line, 0, width); // a row at a time stays in the nearest cache
            }
        }
    }

    /** The pixels to read and to change, row by row; longer than needed. */
    int[] pixels() {
        if (shown != null) {
            byte[] rgb = shown.rgb();
            reserve();
            for (int p = 0, i = 0; i < rgb.length; p++, i += 3) {
                pixels[p] = (rgb[i] & 0xff) << 16 | (rgb[i + 1] & 0xff) << 8 | rgb[i + 2] & 0xff;
            }
            shown = null;
        }
        return pixels;
    }

    /** Number of pixels. */
    int area() {
        return width * height;
    }

    /** Memory for {@link #lookUp}: 256 numbers. */
    int[] table() {
        return table;
    }

    /** Memory for the blur. */
    BlurRows blurRows() {
        return blurRows;
    }

    /** Becomes a part of an image that was resized to {@code width x height} pixels. */
    void resize(Image image, Box box, int toWidth, int toHeight, Box kept) {
        resize(image, box, box.width(), box.height(), toWidth, toHeight, kept);
    }

    /** The same of a box whose last column and row may be parts of one only. */
    void resize(Image image, Box box, double extentX, double extentY, int toWidth, int toHeight, Box kept) {
        width = kept.width();
        height = kept.height();
        shown = null;
        reserve();
        resampler.resize(image, box, extentX, extentY, toWidth, toHeight, kept, pixels);
    }

    /** Replaces every pixel value by that of a table of 256. */
    void lookUp(int[] table) {
        int[] p = pixels();
        int area = area();
        for (int i = 0; i < area; i++) {
            int v = p[i];
            p[i] = table[v >> 16] << 16 | table[v >> 8 & 0xff] << 8 | table[v & 0xff];
        }
    }

    private void reserve() {
        if (pixels.length < area()) {
            pixels = new int[area()];
        }
    }
}
