package io.dino4j.data.image;

/** The operations once more, pixel by pixel as their definitions say and as slow as that is. */
final class PlainArithmetic {
    private static final int BITS = 22;

    private PlainArithmetic() {}

    /** Pillow's resize of a box: rows, rounded, then columns, rounded. */
    static Image resize(Image image, Box box, int width, int height) {
        int[][][] narrow = new int[box.height()][width][3];
        for (int y = 0; y < box.height(); y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < 3; c++) {
                    int at = y + box.top();
                    int channel = c;
                    narrow[y][x][c] = weigh(
                            box.width(), width, x, i -> image.at(box.left() + i, at, channel), box.width() == width);
                }
            }
        }
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            int channel = i % 3;
            rgb[i] = (byte)
                    weigh(box.height(), height, i / 3 / width, k -> narrow[k][x][channel], box.height() == height);
        }
        return new Image(width, height, rgb);
    }

    private static int weigh(int in, int out, int at, java.util.function.IntUnaryOperator value, boolean same) {
        if (same) {
            return value.applyAsInt(at);
        }
        double scale = (double) in / out;
        double wide = Math.max(1, scale);
        double center = (at + 0.5) * scale;
        int from = Math.max(0, (int) (center - 2 * wide + 0.5));
        int to = Math.min(in, (int) (center + 2 * wide + 0.5));
        double[] w = new double[to - from];
        double total = 0;
        for (int i = from; i < to; i++) {
            w[i - from] = keys((i - center + 0.5) * (1 / wide));
            total += w[i - from];
        }
        long sum = 1 << (BITS - 1);
        for (int i = from; i < to; i++) {
            double fixed = w[i - from] * (1 / total) * (1 << BITS);
            sum += (long) (int) (fixed < 0 ? fixed - 0.5 : fixed + 0.5) * value.applyAsInt(i);
        }
        return (int) Math.max(0, Math.min(255, sum >> BITS));
    }

    private static double keys(double x) {
        double t = Math.abs(x);
        if (t < 1) {
            return ((-0.5 + 2) * t - (-0.5 + 3)) * t * t + 1;
        }
        return t < 2 ? (((t - 5) * t + 8) * t - 4) * -0.5 : 0;
    }

    static Image mirror(Image image) {
        return map(image, (x, y, c) -> image.at(image.width() - 1 - x, y, c));
    }

    static int luma(Image image, int x, int y) {
        return (image.at(x, y, 0) * 19595 + image.at(x, y, 1) * 38470 + image.at(x, y, 2) * 7471 + 0x8000) >> 16;
    }

    static Image blend(Image image, int gray, float factor) {
        return map(image, (x, y, c) -> blend(gray, image.at(x, y, c), factor));
    }

    static Image saturate(Image image, float factor) {
        return map(image, (x, y, c) -> blend(luma(image, x, y), image.at(x, y, c), factor));
    }

    static int meanLuma(Image image) {
        double sum = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                sum += luma(image, x, y);
            }
        }
        return (int) (sum / (image.width() * image.height()) + 0.5);
    }

    private static int blend(int degenerate, int value, float factor) {
        float mixed = degenerate + factor * (value - degenerate);
        return mixed <= 0 ? 0 : mixed >= 255 ? 255 : (int) mixed;
    }

    /** Through 8-bit HSV and back, as Pillow's Convert.c does it. */
    static int[] hue(int r, int g, int b, int shift) {
        int max = Math.max(r, Math.max(g, b));
        int min = Math.min(r, Math.min(g, b));
        int hue = 0;
        int saturation = 0;
        if (max != min) {
            float chroma = max - min;
            float rc = (max - r) / chroma;
            float gc = (max - g) / chroma;
            float bc = (max - b) / chroma;
            float h = r == max ? bc - gc : g == max ? (float) (2.0 + rc - bc) : (float) (4.0 + gc - rc);
            h = (float) ((h / 6.0 + 1.0) % 1.0);
            hue = (int) (h * 255.0);
            saturation = (int) (chroma / max * 255.0);
        }
        hue = hue + shift & 0xff;
        if (saturation == 0) {
            return new int[] {max, max, max};
        }
        float s = (float) (saturation / 255.0);
        int sector = (int) Math.floor(hue * 6.0 / 255.0);
        float f = (float) (hue * 6.0 / 255.0 - sector);
        int p = (int) Math.round(max * (1.0 - s));
        int q = (int) Math.round(max * (1.0 - s * f));
        int t = (int) Math.round(max * (1.0 - s * (1.0 - f)));
        return switch (sector % 6) {
            case 0 -> new int[] {max, t, p};
            case 1 -> new int[] {q, max, p};
            case 2 -> new int[] {p, max, t};
            case 3 -> new int[] {p, q, max};
            case 4 -> new int[] {t, p, max};
            default -> new int[] {max, p, q};
        };
    }

    static Image hue(Image image, int shift) {
        return map(image, (x, y, c) -> hue(image.at(x, y, 0), image.at(x, y, 1), image.at(x, y, 2), shift)[c]);
    }

    static Image gray(Image image) {
        return map(image, (x, y, c) -> luma(image, x, y));
    }

    /** In double, so that it may differ where a float sum falls on the other side of a half. */
    static Image blur(Image image, double sigma) {
        double[] kernel = new double[9];
        double total = 0;
        for (int k = 0; k < 9; k++) {
            kernel[k] = Math.exp(-0.5 * (k - 4) * (k - 4) / (sigma * sigma));
            total += kernel[k];
        }
        double all = total * total;
        return map(image, (x, y, c) -> {
            double sum = 0;
            for (int k = 0; k < 81; k++) {
                int at = reflect(x + k % 9 - 4, image.width());
                sum += kernel[k / 9] * kernel[k % 9] * image.at(at, reflect(y + k / 9 - 4, image.height()), c);
            }
            return (int) Math.rint(sum / all);
        });
    }

    private static int reflect(int at, int size) {
        int i = at;
        while (size > 1 && (i < 0 || i >= size)) {
            i = i < 0 ? -i : 2 * (size - 1) - i;
        }
        return size == 1 ? 0 : i;
    }

    private interface Value {
        int at(int x, int y, int channel);
    }

    private static Image map(Image image, Value value) {
        byte[] rgb = new byte[image.rgb().length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) value.at(i / 3 % image.width(), i / 3 / image.width(), i % 3);
        }
        return new Image(image.width(), image.height(), rgb);
    }
}
