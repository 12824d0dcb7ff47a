package io.dino4j.data.curation.copy;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.KeyPoint;
import org.bytedeco.opencv.opencv_core.KeyPointVector;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_features2d.SIFT;

/**
 * Key points of an image and what is around each: SIFT (Lowe, 2004) as RootSIFT (Arandjelovic and Zisserman, 2012), found in the grey image at
 * {@value #SIDE}x{@value #SIDE} pixels or as many in another shape. At that size a blur of two or three pixels in a photo of 256 changes little.
 * The lists are ordered by strength, and must not be written to.
 *
 * @param width of the image at the size that was looked at, in pixels
 * @param height likewise
 * @param x (P) columns of the key points, in pixels of that size
 * @param y (P) rows
 * @param scale (P) diameters, in pixels
 * @param angle (P) directions, in radians
 * @param descriptors (P, 128) of length 1
 * @param grey (H, W) smoothed brightness, unsigned
 */
public record LocalFeatures(
        int width, int height, float[] x, float[] y, float[] scale, float[] angle, float[] descriptors, byte[] grey) {
    /** Numbers that describe a key point: 4x4 cells of 8 directions. */
    static final int LENGTH = 128;

    /** Side of a square image at the size that is looked at; others have the same area. */
    static final int SIDE = 128;

    /** Most key points of an image; the strongest are kept. */
    static final int MOST = 200;

    /** Least contrast of a key point; low, since the strongest are chosen anyway and a faint photo has features, too. */
    private static final double CONTRAST = 0.005;

    /** Longest side at the size that is looked at, for panoramas: they are squeezed. */
    private static final int LONGEST = 4 * SIDE;

    private static final int SHORTEST = 8;

    /** Fields of a key point of OpenCV: x, y, size, angle, response, octave, class. */
    private static final int FIELDS = 7;

    private static final int RESPONSE = 4;

    /** Pixels averaged each way before brightness is compared. */
    private static final int SMOOTHING = 5;

    /** As few pixels as are needed: a JPEG may be decoded at a part of its size while that stays twice the size that is looked at. */
    public static final Reduction REDUCTION = (width, height) -> {
        double ratio = Math.sqrt((double) width * height) / (2 * SIDE);
        return ratio >= 8 ? 8 : ratio >= 4 ? 4 : ratio >= 2 ? 2 : 1;
    };

    /**
     * Looks for key points.
     *
     * @param image of any size; smaller ones are enlarged
     * @return its features; none if it is flat
     */
    public static LocalFeatures of(Image image) {
        double factor = SIDE / Math.sqrt((double) image.width() * image.height());
        try (Mat full = Mats.grey(image);
                Mat grey = Mats.resize(full, side(image.width() * factor), side(image.height() * factor));
                KeyPointVector found = new KeyPointVector();
                SIFT sift = SIFT.create(0, 3, CONTRAST, 10, 1.6, false);
                Mat everywhere = new Mat()) {
            sift.detect(grey, found, everywhere);
            try (KeyPointVector kept = strongest(found);
                    Mat descriptors = new Mat();
                    Mat smooth = new Mat();
                    Size window = new Size(SMOOTHING, SMOOTHING)) {
                if (kept.size() > 0) {
                    sift.compute(grey, kept, descriptors);
                }
                opencv_imgproc.blur(grey, smooth, window);
                return of(kept, descriptors, smooth);
            }
        }
    }

    /** Returns the number of key points, P. */
    public int count() {
        return x.length;
    }

    /** Returns the features of the mirror image, without looking for them: they are the same ones elsewhere. */
    public LocalFeatures mirrored() {
        int n = count();
        float[] column = new float[n];
        float[] direction = new float[n];
        float[] described = new float[n * LENGTH];
        for (int i = 0; i < n; i++) {
            column[i] = width - 1 - x[i];
            direction[i] = (float) Math.PI - angle[i];
            mirror(descriptors, i * LENGTH, described, i * LENGTH);
        }
        byte[] brightness = new byte[grey.length];
        for (int row = 0; row < height; row++) {
            for (int col = 0; col < width; col++) {
                brightness[row * width + col] = grey[row * width + width - 1 - col];
            }
        }
        return new LocalFeatures(width, height, column, y, scale, direction, described, brightness);
    }

    /** What describes the same key point in the mirror image: the cells across its direction and the turns change sides. */
    static void mirror(float[] from, int at, float[] to, int start) {
        for (int row = 0; row < 4; row++) {
            for (int column = 0; column < 4; column++) {
                for (int turn = 0; turn < 8; turn++) {
                    to[start + ((3 - row) * 4 + column) * 8 + (8 - turn) % 8] =
                            from[at + (row * 4 + column) * 8 + turn];
                }
            }
        }
    }

    /** Returns {@code [128, P]}: the descriptors as columns. */
    float[] columns() {
        int n = count();
        float[] columns = new float[descriptors.length];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < LENGTH; k++) {
                columns[k * n + i] = descriptors[i * LENGTH + k];
            }
        }
        return columns;
    }

    private static int side(double pixels) {
        return (int) Math.max(SHORTEST, Math.min(LONGEST, Math.round(pixels)));
    }

    /** Of equally strong ones the first that OpenCV lists, whose order is that of positions. */
    private static KeyPointVector strongest(KeyPointVector points) {
        float[] fields = fields(points);
        long[] weakness = new long[fields.length / FIELDS];
        for (int i = 0; i < weakness.length; i++) {
            weakness[i] = -Float.floatToIntBits(fields[i * FIELDS + RESPONSE]); // ordered as positive numbers are
        }
        int[] order = Order.of(weakness);
        KeyPoint[] best = new KeyPoint[Math.min(MOST, order.length)];
        for (int i = 0; i < best.length; i++) {
            best[i] = points.get(order[i]);
        }
        return best.length == 0 ? new KeyPointVector() : new KeyPointVector(best);
    }

    /** The 32-bit fields of OpenCV's key points, which lie one after another: an object for each of thousands would take longer than SIFT. */
    private static float[] fields(KeyPointVector points) {
        float[] fields = new float[FIELDS * (int) points.size()];
        if (fields.length > 0) {
            try (FloatPointer first = new FloatPointer(points.get(0))) {
                first.capacity(fields.length).get(fields);
            }
        }
        return fields;
    }

    private static LocalFeatures of(KeyPointVector points, Mat found, Mat smooth) {
        float[] fields = fields(points);
        int n = fields.length / FIELDS;
        float[] x = new float[n];
        float[] y = new float[n];
        float[] scale = new float[n];
        float[] angle = new float[n];
        float[] descriptors = new float[n * LENGTH];
        for (int i = 0; i < n; i++) {
            x[i] = fields[i * FIELDS];
            y[i] = fields[i * FIELDS + 1];
            scale[i] = fields[i * FIELDS + 2];
            angle[i] = (float) Math.toRadians(fields[i * FIELDS + 3]);
        }
        if (n > 0) {
            try (FloatPointer rows = new FloatPointer(found.data())) {
                rows.capacity(descriptors.length).get(descriptors);
            }
            for (int i = 0; i < n; i++) {
                root(descriptors, i * LENGTH);
            }
        }
        return new LocalFeatures(smooth.cols(), smooth.rows(), x, y, scale, angle, descriptors, Mats.bytes(smooth));
    }

    /** RootSIFT: the roots of the parts of the sum, so that inner products compare histograms as Hellinger does. */
    private static void root(float[] descriptors, int at) {
        float sum = 0;
        for (int k = 0; k < LENGTH; k++) {
            sum += descriptors[at + k];
        }
        for (int k = 0; k < LENGTH; k++) {
            descriptors[at + k] = (float) Math.sqrt(descriptors[at + k] / Math.max(sum, 1e-6f));
        }
    }
}
