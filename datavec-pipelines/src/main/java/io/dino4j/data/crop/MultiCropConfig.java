package io.dino4j.data.crop;

import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.RandomResizedCrop;
import io.dino4j.data.image.Range;
import io.dino4j.data.image.Reduction;

/**
 * What one training batch consists of. There are always two global crops per image. Sizes are pixels.
 *
 * @param globalSize side of the global crops, a multiple of {@code patchSize}
 * @param localSize side of the local crops, a multiple of {@code patchSize}
 * @param localCrops local crops per image, from 0
 * @param globalScale area of a global crop as a fraction of the image's, above 0 and at most 1
 * @param localScale the same for local crops
 * @param patchSize side of a patch
 * @param maskProbability share of the global crops that get a mask, 0 to 1
 * @param maskRatio share of the patches that is masked in those, 0 to 1
 * @param firstGlobal what happens to the first global crop after cutting
 * @param secondGlobal what happens to the second global crop after cutting
 * @param local what happens to local crops after cutting
 * @param normalization from 8 bit to the network's input
 */
public record MultiCropConfig(
        int globalSize,
        int localSize,
        int localCrops,
        Range globalScale,
        Range localScale,
        int patchSize,
        double maskProbability,
        Range maskRatio,
        ViewRecipe firstGlobal,
        ViewRecipe secondGlobal,
        ViewRecipe local,
        Normalization normalization) {
    /** Global crops per image; the teacher's targets are swapped between exactly two. */
    public static final int GLOBAL_CROPS = 2;

    /** Checks sizes and ranges. */
    public MultiCropConfig {
        require(patchSize > 0 && globalSize > 0, "sizes must be positive: global %d, patch %d", globalSize, patchSize);
        require(
                globalSize % patchSize == 0,
                "global size %d is not a multiple of patch size %d",
                globalSize,
                patchSize);
        require(localCrops >= 0, "the number of local crops must not be negative, got %d", localCrops);
        require(
                localCrops == 0 || localSize > 0 && localSize % patchSize == 0,
                "local size %d is not a multiple of patch size %d",
                localSize,
                patchSize);
        require(globalScale.min() > 0 && globalScale.max() <= 1, "global scale must be in (0, 1], got %s", globalScale);
        require(localScale.min() > 0 && localScale.max() <= 1, "local scale must be in (0, 1], got %s", localScale);
        require(
                maskProbability >= 0 && maskProbability <= 1,
                "mask probability must be between 0 and 1, got %s",
                maskProbability);
        require(maskRatio.min() >= 0 && maskRatio.max() <= 1, "mask ratio must be between 0 and 1, got %s", maskRatio);
    }

    /**
     * The published recipe: 2 global crops of 224, 8 local ones of 98 (patch 14) or 96.
     *
     * @param patchSize 14 or 16
     * @return the configuration
     */
    public static MultiCropConfig dinov2(int patchSize) {
        return new MultiCropConfig(
                224,
                patchSize == 14 ? 98 : 96,
                8,
                new Range(0.32, 1),
                new Range(0.05, 0.32),
                patchSize,
                0.5,
                new Range(0.1, 0.5),
                ViewRecipe.firstGlobal(),
                ViewRecipe.secondGlobal(),
                ViewRecipe.local(),
                Normalization.imagenet());
    }

    /**
     * With other sizes.
     *
     * @param global side of the global crops
     * @param local side of the local crops
     * @param patch side of a patch
     * @return a copy
     */
    public MultiCropConfig withSizes(int global, int local, int patch) {
        return new MultiCropConfig(
                global,
                local,
                localCrops,
                globalScale,
                localScale,
                patch,
                maskProbability,
                maskRatio,
                firstGlobal,
                secondGlobal,
                this.local,
                normalization);
    }

    /**
     * With another number of local crops.
     *
     * @param crops per image, from 0
     * @return a copy
     */
    public MultiCropConfig withLocalCrops(int crops) {
        return new MultiCropConfig(
                globalSize,
                localSize,
                crops,
                globalScale,
                localScale,
                patchSize,
                maskProbability,
                maskRatio,
                firstGlobal,
                secondGlobal,
                local,
                normalization);
    }

    /**
     * With other crop areas.
     *
     * @param global area of a global crop as a fraction of the image's
     * @param local the same for local crops
     * @return a copy
     */
    public MultiCropConfig withScales(Range global, Range local) {
        return new MultiCropConfig(
                globalSize,
                localSize,
                localCrops,
                global,
                local,
                patchSize,
                maskProbability,
                maskRatio,
                firstGlobal,
                secondGlobal,
                this.local,
                normalization);
    }

    /**
     * With other augmentations.
     *
     * @param first of the first global crop
     * @param second of the second global crop
     * @param local of the local crops
     * @return a copy
     */
    public MultiCropConfig withViews(ViewRecipe first, ViewRecipe second, ViewRecipe local) {
        return new MultiCropConfig(
                globalSize,
                localSize,
                localCrops,
                globalScale,
                localScale,
                patchSize,
                maskProbability,
                maskRatio,
                first,
                second,
                local,
                normalization);
    }

    /**
     * Side of the patch grid of a global crop.
     *
     * @return in patches
     */
    public int gridSize() {
        return globalSize / patchSize;
    }

    /**
     * Patches of a global crop.
     *
     * @return n, the tokens a mask covers
     */
    public int numPatches() {
        return gridSize() * gridSize();
    }

    /**
     * How small an image may be decoded: so that the smallest crop that can be drawn of it still has at least as many columns and rows as
     * it is resized to. It depends on the size of the image and this configuration alone.
     *
     * @return to be given to {@code ImageSource.read}
     */
    public Reduction reduction() {
        Reduction global = new RandomResizedCrop(globalSize, globalScale, RandomResizedCrop.ASPECT).reduction();
        if (localCrops == 0) {
            return global;
        }
        Reduction local = new RandomResizedCrop(localSize, localScale, RandomResizedCrop.ASPECT).reduction();
        return (width, height) -> Math.min(global.divisor(width, height), local.divisor(width, height));
    }

    private static void require(boolean ok, String message, Object... values) {
        if (!ok) {
            throw new IllegalArgumentException(message.formatted(values));
        }
    }
}
