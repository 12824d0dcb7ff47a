package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import io.dino4j.data.crop.Batch;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import io.dino4j.train.PatchPictures;
import io.dino4j.train.StepObserver;
import io.dino4j.train.report.PatchSamples;
import io.dino4j.zoo.FeatureExtractor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The pictures of a run. The thread that trains copies what somebody has asked for, within its {@link Ration}; the threads that serve
 * turn the newest copy into pictures. Nothing else passes between them.
 */
final class PictureFeed implements StepObserver {
    /** Images whose crops are shown. */
    private static final int CROPPED = 3;

    /** Images whose patch features are shown. */
    private static final int PATCHED = 4;

    private record Patches(long step, PatchSamples samples) {}

    private final ImageSource images;
    private final ImageSource shown;
    private final Consumer<String> unreadable;
    private final Ration cropTime = new Ration(Duration.ofSeconds(10));
    private final Ration patchTime = new Ration(Duration.ofSeconds(30));
    private volatile Optional<Crops> crops = Optional.empty();
    private volatile Optional<Patches> patches = Optional.empty();
    private Optional<PatchPictures> pictures = Optional.empty();
    private int picturesSize;
    private Optional<Patches> coloured = Optional.empty();
    private List<Image> colors = List.of();

    /**
     * A feed without pictures yet.
     *
     * @param images what is trained on
     * @param shown whose patch features are shown
     * @param unreadable told of images that cannot be read
     */
    PictureFeed(ImageSource images, ImageSource shown, Consumer<String> unreadable) {
        this.images = images;
        this.shown = shown;
        this.unreadable = unreadable;
    }

    @Override
    public void step(Batch batch, FeatureExtractor teacher) {
        long now = System.nanoTime();
        if (cropTime.isDue(now)) {
            crops = Optional.of(Crops.copy(batch, images, CROPPED));
            cropTime.spend(now, System.nanoTime());
        }
        if (patchTime.isDue(now)) {
            long begun = System.nanoTime();
            pictures((int) batch.globals().size(3))
                    .ifPresent(p -> patches = Optional.of(new Patches(batch.step(), p.features(teacher))));
            patchTime.spend(begun, System.nanoTime());
        }
    }

    /** The images at the size of the global crops, which a later phase of a run may change. */
    private Optional<PatchPictures> pictures(int size) {
        if (size != picturesSize) {
            picturesSize = size;
            pictures = PatchPictures.read(
                    shown, PATCHED, EvalTransform.of(size), line -> unreadable.accept("not shown: " + line));
        }
        return pictures;
    }

    /** Writes the newest crops, if there are any yet, and asks for newer ones. */
    void writeCrops(JsonGenerator json) throws IOException {
        Optional<Crops> newest = crops;
        cropTime.ask();
        if (newest.isPresent()) {
            newest.get().write(json, Normalization.imagenet());
        }
    }

    /**
     * Writes {@code "step":..,"grid":..,"images":[{"size":..,"src":..,"colors":..}]} of the newest patch features, if there are any yet,
     * and asks for newer ones.
     */
    void writePatches(JsonGenerator json) throws IOException {
        Optional<Patches> newest = patches;
        patchTime.ask();
        if (newest.isEmpty()) {
            return;
        }
        List<Image> images = newest.get().samples.images();
        List<Image> colors = colors(newest);
        json.writeNumberField("step", newest.get().step);
        json.writeNumberField("grid", colors.get(0).width());
        json.writeArrayFieldStart("images");
        for (int i = 0; i < colors.size(); i++) {
            json.writeStartObject();
            json.writeNumberField("size", images.get(i).width());
            json.writeStringField("src", Page.png(images.get(i)));
            json.writeStringField("colors", Page.png(colors.get(i)));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** Worked out once for each copy, however many look at it. */
    private synchronized List<Image> colors(Optional<Patches> newest) {
        if (!coloured.equals(newest)) {
            colors = newest.orElseThrow().samples.colors();
            coloured = newest;
        }
        return colors;
    }
}
