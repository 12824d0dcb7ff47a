package io.dino4j.data.curation.copy;

import java.util.Arrays;
import java.util.Optional;

/**
 * Looks at two images and says whether one is an altered copy of the other: key points that look alike must lie alike, up to a shift, a turn, a
 * change of size and mirroring, most of them to a pixel, and where the images lie over each other their brightness must agree.
 *
 * <p>Every match proposes one placement by its position, size and direction (after Philbin et al., 2007), so nothing is left to chance. Text
 * that is written over two different photos places them, too; the comparison of brightness tells them apart. Two photos of one building match in
 * many points, too, but its parts lie at different distances and move against each other: after the best affine map, which takes up stretching,
 * few lie exactly alike.
 *
 * @param leastEvidence least {@link Verdict#evidence} of a copy
 */
public record CopyVerifier(double leastEvidence) {
    /** Chosen from the curve of altered photos of imagenette, see docs/copies.md. */
    public static final double DEFAULT_EVIDENCE = 10;

    /** Distance of a key point from where the placement puts it, as a part of the side of the image. */
    private static final double TOLERANCE = 0.04;

    /** The same of one that lies exactly alike: a pixel or so. */
    private static final double EXACT = 0.01;

    private static final int ROUNDS = 3;

    /** Sizes of two key points that agree with the placement, as a factor. */
    private static final double SCALE_TOLERANCE = 1.67;

    /** Largest change of size, either way, between the images at the size that is looked at. */
    private static final double MOST_SCALE = 4;

    /** Part of the image that becomes the smaller one, which the other one must cover. */
    private static final double LEAST_OVERLAP = 0.5;

    /** Key points with fewer than these are not trusted to tell; the whole images are compared. */
    private static final int FEW = 12;

    /** The verifier with the default threshold. */
    public CopyVerifier() {
        this(DEFAULT_EVIDENCE);
    }

    /** Checks the threshold. */
    public CopyVerifier {
        if (!(leastEvidence > 0)) {
            throw new IllegalArgumentException("evidence for a copy must be positive, got " + leastEvidence);
        }
    }

    /**
     * What was found.
     *
     * @param inliers matches that lie alike
     * @param exact those of them that lie exactly alike, up to stretching
     * @param agreement correlation of brightness of the halves and parts that lie over each other, -1 to 1; 0 if they do not
     * @param mirrored whether one is mirrored
     */
    public record Verdict(int inliers, int exact, double agreement, boolean mirrored) {
        /** The number that is compared with a threshold: exact matches, times their share of all that lie alike, as far as brightness agrees. */
        public double evidence() {
            return (double) exact * exact / Math.max(1, inliers) * Math.max(0, agreement);
        }
    }

    /** Whether one is a copy of the other; the same if they are exchanged, but for rare ties. */
    public boolean isCopy(LocalFeatures one, LocalFeatures other) {
        return compare(one, other).evidence() >= leastEvidence;
    }

    /**
     * Compares two images.
     *
     * @param one features of the first
     * @param other features of the second
     * @return what speaks for a copy
     */
    public Verdict compare(LocalFeatures one, LocalFeatures other) {
        if (one.count() < FEW || other.count() < FEW) {
            return WholeImage.compare(one, other);
        }
        float[] columns = other.columns();
        Verdict direct = place(one, other, columns, false);
        if (direct.evidence() >= leastEvidence) {
            return direct;
        }
        Verdict mirrored = place(one.mirrored(), other, columns, true);
        return mirrored.evidence() > direct.evidence() ? mirrored : direct;
    }

    private static Verdict place(LocalFeatures one, LocalFeatures other, float[] columns, boolean mirrored) {
        Matches matches = Matches.between(one, other, columns);
        boolean[] chosen = new boolean[matches.count()];
        int most = 0;
        Similarity best = null;
        for (int m = 0; m < matches.count(); m++) {
            Similarity placement = Similarity.of(one, matches.from()[m], other, matches.to()[m]);
            if (placement.scale() * MOST_SCALE >= 1 && placement.scale() <= MOST_SCALE) {
                int inliers = inliers(one, other, matches, placement, chosen);
                if (inliers > most) {
                    most = inliers;
                    best = placement;
                }
            }
        }
        if (most < 3) { // any two key points fit
            return new Verdict(most, 0, 0, mirrored);
        }
        for (int round = 0; round < ROUNDS; round++) {
            inliers(one, other, matches, best, chosen);
            best = best.fit(one, other, matches, chosen);
        }
        int inliers = inliers(one, other, matches, best, chosen);
        return new Verdict(inliers, exact(one, other, matches, chosen), agreement(one, other, best), mirrored);
    }

    /** Of the chosen matches; the map is fitted to those within twice the distance that counts. */
    private static int exact(LocalFeatures one, LocalFeatures other, Matches matches, boolean[] chosen) {
        double reach = EXACT * EXACT * other.width() * other.height();
        boolean[] close = chosen.clone();
        int count = 0;
        for (int round = 0; round <= ROUNDS; round++) {
            Optional<Affine> map = Affine.fit(one, other, matches, close);
            count = 0;
            for (int m = 0; m < close.length && map.isPresent(); m++) {
                double most = round < ROUNDS ? 4 * reach : reach;
                close[m] =
                        chosen[m] && map.get().squaredDistance(one, matches.from()[m], other, matches.to()[m]) <= most;
                count += close[m] ? 1 : 0;
            }
        }
        return count;
    }

    private static int inliers(
            LocalFeatures one, LocalFeatures other, Matches matches, Similarity placement, boolean[] chosen) {
        double reach = TOLERANCE * TOLERANCE * other.width() * other.height();
        double scale = placement.scale();
        boolean[] taken = new boolean[other.count()]; // a repeated pattern must not count many times
        int inliers = 0;
        Arrays.fill(chosen, false);
        for (int m = 0; m < matches.count(); m++) {
            int i = matches.from()[m];
            int j = matches.to()[m];
            double dx = placement.x(one.x()[i], one.y()[i]) - other.x()[j];
            double dy = placement.y(one.x()[i], one.y()[i]) - other.y()[j];
            double size = other.scale()[j] / (one.scale()[i] * scale);
            if (!taken[j] && dx * dx + dy * dy <= reach && size <= SCALE_TOLERANCE && size * SCALE_TOLERANCE >= 1) {
                taken[j] = true;
                chosen[m] = true;
                inliers++;
            }
        }
        return inliers;
    }

    /** In the frame of the image that becomes the smaller one. */
    private static double agreement(LocalFeatures one, LocalFeatures other, Similarity placement) {
        double area = placement.scale() * placement.scale() * one.width() * one.height();
        boolean inner = area <= (double) other.width() * other.height();
        Brightness compared =
                inner ? Brightness.of(one, other, placement) : Brightness.of(other, one, placement.inverse());
        return compared.overlap() < LEAST_OVERLAP ? 0 : compared.agreement();
    }
}
