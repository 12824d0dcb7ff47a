package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.PatchFeatures;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Patch features as colours, as in the figures of the paper (section 7.6, "PCA of patch features"): the first principal component over
 * the patches of all images parts foreground from background; the first three components over the foreground patches alone become red,
 * green and blue, so that equal colours mean similar features, in one image or across them.
 *
 * <p>The sign of a component is arbitrary (dinov2 issue 292). Foreground is the side of the first one that has the smaller share of its
 * patches at the borders of images, where background mostly is; of the three colours, the largest entry of each axis is positive. The
 * same features give the same colours always. Each colour is stretched so that the 2nd to 98th percentile of the foreground of the
 * images shown fill its range.
 */
public final class PatchPca {
    private static final int COLORS = 3;
    private static final double LOW = 0.02;
    private static final double HIGH = 0.98;

    /** A side with a smaller share of all patches than this is no object but a handful of outliers. */
    private static final double SMALLEST_SHARE = 0.01;

    private static final int MIDDLE = 128;

    private final Optional<Foreground> foreground;
    private final PrincipalAxes axes;
    private final double explainedByFirst;
    private final Optional<String> fallback;
    private final float[] low = new float[COLORS];
    private final float[] high = new float[COLORS];

    private PatchPca(Found found, List<PatchFeatures> shown) {
        foreground = found.foreground;
        axes = found.axes;
        explainedByFirst = found.explainedByFirst;
        fallback = found.fallback;
        stretch(shown);
    }

    /** What the passes over the images find. */
    private record Found(
            Optional<Foreground> foreground, PrincipalAxes axes, double explainedByFirst, Optional<String> fallback) {}

    /**
     * Foreground by {@link Parting#EACH}, at the mean.
     *
     * @param images features of one network, of grids of any size
     */
    public static PatchPca of(List<PatchFeatures> images) {
        return fit(images, images, Parting.EACH, 0);
    }

    /** One PCA over all patches, without foreground and background. */
    public static PatchPca ofAllPatches(List<PatchFeatures> images) {
        return fit(images, images, Parting.NONE, 0);
    }

    /**
     * The axes over many images, of which some are shown. No more than one of the many is held at a time.
     *
     * @param images what the axes are found on; gone through twice, or once if nothing is parted; the features must be the same each time
     * @param shown whose foreground the colours are stretched over; one at least
     * @param parting what foreground is
     * @param threshold where foreground begins on the first component, in standard deviations from the mean; more leaves less
     * @throws IllegalArgumentException if there are no images, or their features are not finite or of different width
     */
    public static PatchPca fit(
            Iterable<PatchFeatures> images, List<PatchFeatures> shown, Parting parting, double threshold) {
        Covariance all = null;
        Covariance within = null;
        for (PatchFeatures f : images) {
            if (all == null) {
                all = Covariance.near(f);
                within = Covariance.near(f);
            }
            all.add(f);
            if (parting == Parting.EACH) {
                within.addCentred(f);
            }
        }
        if (all == null || shown.isEmpty()) {
            throw new IllegalArgumentException("a PCA of patch features needs one image at least");
        }
        PrincipalAxes whole = all.leading(COLORS);
        return new PatchPca(
                switch (parting) {
                    case NONE -> new Found(Optional.empty(), whole, whole.explained(0), Optional.empty());
                    case ALL -> parted(images, whole, new Foreground(whole, 1, threshold, false));
                    case EACH -> parted(images, whole, new Foreground(within.leading(1), 1, threshold, true));
                },
                shown);
    }

    private static Found parted(Iterable<PatchFeatures> images, PrincipalAxes whole, Foreground foreground) {
        Side positive = new Side(foreground);
        Side negative = new Side(foreground.opposite());
        long patches = 0;
        for (PatchFeatures f : images) {
            positive.add(f);
            negative.add(f);
            patches += f.numPatches();
        }
        double explained = foreground.axes().explained(0);
        Side object = negative.borderShare() < positive.borderShare() ? negative : positive;
        double share = (double) object.patches.count() / patches;
        if (share < SMALLEST_SHARE || share > 1 - SMALLEST_SHARE) {
            String reason = "%s all patches lie beyond the threshold of %s: coloured without foreground"
                    .formatted(share < SMALLEST_SHARE ? "almost none of" : "almost", foreground.threshold());
            return new Found(Optional.empty(), whole, explained, Optional.of(reason));
        }
        PrincipalAxes axes = object.patches.leading(COLORS);
        return new Found(Optional.of(object.foreground), axes, explained, Optional.empty());
    }

    /** The patches on one side of the first component. */
    private static final class Side {
        final Foreground foreground;
        final Covariance patches;
        long atBorder;

        Side(Foreground foreground) {
            this.foreground = foreground;
            patches = new Covariance(foreground.axes().mean());
        }

        void add(PatchFeatures f) {
            boolean[] mask = foreground.mask(f);
            patches.add(f, mask);
            for (int p = 0; p < mask.length; p++) {
                int y = p / f.gridWidth();
                int x = p % f.gridWidth();
                boolean border = y == 0 || x == 0 || y == f.gridHeight() - 1 || x == f.gridWidth() - 1;
                atBorder += mask[p] && border ? 1 : 0;
            }
        }

        double borderShare() {
            return patches.count() == 0 ? 1 : (double) atBorder / patches.count();
        }
    }

    private void stretch(List<PatchFeatures> shown) {
        for (int c = 0; c < COLORS; c++) {
            float[] sorted = values(shown, c, true);
            if (sorted.length == 0) {
                sorted = values(shown, c, false); // the images shown have no foreground, others had
            }
            Arrays.sort(sorted);
            low[c] = sorted[(int) (LOW * (sorted.length - 1))];
            high[c] = sorted[(int) Math.ceil(HIGH * (sorted.length - 1))];
        }
    }

    private float[] values(List<PatchFeatures> shown, int component, boolean foregroundOnly) {
        int patches = shown.stream().mapToInt(PatchFeatures::numPatches).reduce(0, Math::addExact);
        float[] values = new float[patches];
        int n = 0;
        for (PatchFeatures f : shown) {
            float[] projected = axes.project(f, component);
            boolean[] mask = foreground(f);
            for (int p = 0; p < projected.length; p++) {
                if (mask[p] || !foregroundOnly) {
                    values[n++] = projected[p];
                }
            }
        }
        return Arrays.copyOf(values, n);
    }

    /** True if foreground is parted from background. */
    public boolean hasForeground() {
        return foreground.isPresent();
    }

    /** Why there is no foreground though one was asked for: one side held hardly any patch. One line. */
    public Optional<String> fallback() {
        return fallback;
    }

    /** Share that the component which parts explains of the variance it was found in, 0 to 1; without parting, that of red. */
    public double explainedByFirst() {
        return explainedByFirst;
    }

    /** Shares of the variance over the coloured patches that red, green and blue explain, 0 to 1 each. */
    public double[] explainedByColors() {
        double[] explained = new double[COLORS];
        Arrays.setAll(explained, axes::explained);
        return explained;
    }

    /**
     * Which patches are foreground.
     *
     * @return {@code [h * w]}; all true if there is no background
     */
    public boolean[] foreground(PatchFeatures features) {
        if (foreground.isPresent()) {
            return foreground.get().mask(features);
        }
        boolean[] all = new boolean[features.numPatches()];
        Arrays.fill(all, true);
        return all;
    }

    /**
     * How far patches lie beyond the threshold of foreground, in standard deviations of the first component; positive in the foreground.
     *
     * @return {@code [h * w]}; empty if there is no background
     */
    Optional<float[]> depth(PatchFeatures features) {
        return foreground.map(f -> f.depth(features));
    }

    /**
     * The colours, one pixel for each patch; background patches are coloured by the same axes.
     *
     * @return of {@code w x h} pixels
     */
    public Image colors(PatchFeatures features) {
        byte[] rgb = new byte[3 * features.numPatches()];
        for (int c = 0; c < COLORS; c++) {
            float[] projected = axes.project(features, c);
            float range = high[c] - low[c];
            for (int p = 0; p < projected.length; p++) {
                float share = Math.max(0, Math.min(1, (projected[p] - low[c]) / range));
                rgb[3 * p + c] = (byte) (range > 0 ? Math.round(255 * share) : MIDDLE);
            }
        }
        return new Image(features.gridWidth(), features.gridHeight(), rgb);
    }
}
