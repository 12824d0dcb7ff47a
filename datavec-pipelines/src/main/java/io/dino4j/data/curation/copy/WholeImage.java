package io.dino4j.data.curation.copy;

/** Images with hardly a key point: copies must be the same everywhere, but for JPEG, size and mirroring. */
final class WholeImage {
    /** Largest difference of brightness anywhere, in grey levels. */
    private static final double MOST_DIFFERENCE = 6;

    /** Largest difference of the shapes, as a factor. */
    private static final double SHAPE = 1.05;

    /** Range of brightness that makes an image a picture of something, in grey levels. */
    private static final int LEAST_RANGE = 24;

    /** More than any threshold asks for, or nothing at all. */
    private static final int CERTAIN = 1000;

    private WholeImage() {}

    static CopyVerifier.Verdict compare(LocalFeatures one, LocalFeatures other) {
        double shape = (double) one.width() * other.height() / ((double) one.height() * other.width());
        if (shape > SHAPE || shape * SHAPE < 1 || range(one) < LEAST_RANGE || range(other) < LEAST_RANGE) {
            return new CopyVerifier.Verdict(0, 0, 0, false); // flat ones are told apart by their bytes only
        }
        Similarity same = new Similarity((double) other.width() / one.width(), 0, 0, 0);
        boolean direct = isSame(one, other, same);
        boolean mirrored = !direct && isSame(one.mirrored(), other, same);
        int matches = direct || mirrored ? CERTAIN : 0;
        return new CopyVerifier.Verdict(matches, matches, 1, mirrored);
    }

    private static boolean isSame(LocalFeatures one, LocalFeatures other, Similarity same) {
        Brightness compared = Brightness.of(one, other, same);
        return compared.overlap() > 0.9 && compared.difference() <= MOST_DIFFERENCE;
    }

    private static int range(LocalFeatures image) {
        int least = 255;
        int most = 0;
        for (byte value : image.grey()) {
            least = Math.min(least, value & 0xff);
            most = Math.max(most, value & 0xff);
        }
        return most - least;
    }
}
