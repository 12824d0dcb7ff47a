package io.dino4j.data.crop;

import io.dino4j.data.image.Canvas;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Transform;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cuts the views of one image: the two global crops, then the local ones, all from one generator. */
public final class MultiCrop {
    private final MultiCropConfig config;
    private final Transform firstGlobal;
    private final Transform secondGlobal;
    private final Transform local;

    /**
     * Prepares the transforms.
     *
     * @param config sizes and probabilities
     */
    public MultiCrop(MultiCropConfig config) {
        this.config = config;
        firstGlobal = config.firstGlobal().toTransform(config.globalSize(), config.globalScale());
        secondGlobal = config.secondGlobal().toTransform(config.globalSize(), config.globalScale());
        local = config.localCrops() == 0 ? null : config.local().toTransform(config.localSize(), config.localScale());
    }

    /**
     * Cuts all views.
     *
     * @param image any size
     * @param rng source of every random choice
     * @return 2 global crops, then the local crops, 8 bit
     */
    public List<Image> views(Image image, RandomGenerator rng) {
        List<Image> views = new ArrayList<>(MultiCropConfig.GLOBAL_CROPS + config.localCrops());
        views.add(firstGlobal.apply(image, rng));
        views.add(secondGlobal.apply(image, rng));
        for (int i = 0; i < config.localCrops(); i++) {
            views.add(local.apply(image, rng));
        }
        return views;
    }

    /** Views of an image: 2 global crops, then the local ones. */
    public int count() {
        return MultiCropConfig.GLOBAL_CROPS + config.localCrops();
    }

    /**
     * Cuts one view, in the order of {@link #views} and from the same generator; then they are the same.
     *
     * @param view from 0 to {@code count() - 1}
     * @param image any size
     * @param canvas receives the view; one for each thread, to be used again
     * @param rng source of every random choice
     */
    public void cut(int view, Image image, Canvas canvas, RandomGenerator rng) {
        Transform transform = view == 0 ? firstGlobal : view < MultiCropConfig.GLOBAL_CROPS ? secondGlobal : local;
        canvas.show(image);
        transform.apply(canvas, rng);
    }
}
