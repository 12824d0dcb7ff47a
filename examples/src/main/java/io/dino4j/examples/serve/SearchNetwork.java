package io.dino4j.examples.serve;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageHeader;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.feature.Extraction;
import io.dino4j.zoo.picture.Framing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A backbone that sees images whole: the longer side has a number of pixels, the shorter keeps the aspect. One pass gives the cls token that
 * images are compared by, and the patch tokens. Many threads may ask; they wait for each other.
 */
public final class SearchNetwork implements AutoCloseable {
    /** Pixels of the longer side of small pictures, and at least so many are decoded. */
    static final int THUMBNAIL = 256;

    /** Pixels of the input of official weights. */
    private static final int USUAL_SIZE = 224;

    /** How much finer than their training small backbones see: patches are to be found, too. */
    private static final int FINER = 3;

    private final Dinov2 model;
    private final int size;
    private final String name;
    private final int batch;

    /**
     * An image on its way into the network.
     *
     * @param width of the original, in pixels
     * @param height of the original, in pixels
     * @param pixels decoded, smaller than the original if that is enough
     * @param input what the network sees
     */
    record Seen(int width, int height, Image pixels, Image input) {}

    /**
     * A network for search.
     *
     * @param model closed with this
     * @param name tells these weights from others, such as a hash
     * @param size pixels of the longer side, rounded down to whole patches; 0 for 224, or three times the backbone's own size if that is smaller
     * @throws IllegalArgumentException if that is less than a patch
     */
    public SearchNetwork(Dinov2 model, String name, int size) {
        int patch = model.config().patchSize();
        int wanted = size == 0 ? Math.min(USUAL_SIZE, FINER * model.config().imageSize()) : size;
        if (wanted < patch) {
            throw new IllegalArgumentException(
                    "--size: %d pixels are less than a patch of %d".formatted(wanted, patch));
        }
        this.model = model;
        this.name = name;
        this.size = wanted / patch * patch;
        batch = Extraction.usualBatch(model.config().numTokens(this.size, this.size));
    }

    /** What features depend on. */
    String name() {
        return name;
    }

    /** Pixels of the longer side. */
    int size() {
        return size;
    }

    /** Pixels of a patch's side. */
    int patchSize() {
        return model.config().patchSize();
    }

    /** Numbers of a feature, D. */
    int dimension() {
        return model.dimension();
    }

    /** Patches of an image, at most. */
    int mostPatches() {
        return (size / patchSize()) * (size / patchSize());
    }

    /**
     * How an image of this size becomes the network's input.
     *
     * @throws IllegalArgumentException if it is so narrow that less than a patch is left
     */
    Framing framing(int width, int height) {
        return Framing.of(width, height, size, patchSize());
    }

    /**
     * Decodes an image as small as will do; equal files always give equal pixels.
     *
     * @throws UnreadableImageException if that cannot be done, or it is too narrow
     */
    Seen see(byte[] file, String named) throws UnreadableImageException {
        ImageHeader header = ImageHeader.of(file, named);
        Image pixels = ImageDecoder.decode(file, named, reduction());
        try {
            Framing framing = framing(header.width(), header.height());
            Box box = scaled(framing.box(), header, pixels);
            Image input = BicubicResize.cropResize(pixels, box, framing.width(), framing.height());
            return new Seen(header.width(), header.height(), pixels, input);
        } catch (IllegalArgumentException e) {
            throw new UnreadableImageException(named, e.getMessage());
        }
    }

    /** Twice as many pixels as are wanted are left. */
    private Reduction reduction() {
        int least = 2 * Math.max(size, THUMBNAIL);
        return (width, height) -> Reduction.atMost((double) Math.max(width, height) / least);
    }

    private static Box scaled(Box box, ImageHeader header, Image pixels) {
        double x = (double) pixels.width() / header.width();
        double y = (double) pixels.height() / header.height();
        int width = (int) Math.max(1, Math.min(pixels.width(), Math.round(box.width() * x)));
        int height = (int) Math.max(1, Math.min(pixels.height(), Math.round(box.height() * y)));
        int left = (int) Math.min(pixels.width() - width, Math.round(box.left() * x));
        int top = (int) Math.min(pixels.height() - height, Math.round(box.top() * y));
        return new Box(top, left, height, width);
    }

    /** Features of one image, all of length 1. */
    PatchFeatures features(Seen image) {
        return features(List.of(image)).get(0);
    }

    /** Features of images, in their order; cls and patch tokens have length 1. */
    List<PatchFeatures> features(List<Seen> images) {
        Map<List<Integer>, List<Integer>> sizes = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            Image input = images.get(i).input();
            sizes.computeIfAbsent(List.of(input.height(), input.width()), s -> new ArrayList<>())
                    .add(i);
        }
        PatchFeatures[] all = new PatchFeatures[images.size()];
        for (List<Integer> equal : sizes.values()) {
            int from = 0;
            for (int count = batch; count > 0; count /= 2) { // few different numbers: each is a graph of its own
                for (; equal.size() - from >= count; from += count) {
                    pass(images, equal.subList(from, from + count), all);
                }
            }
        }
        return List.of(all);
    }

    private void pass(List<Seen> images, List<Integer> chosen, PatchFeatures[] into) {
        Image first = images.get(chosen.get(0)).input();
        INDArray input = Nd4j.create(DataType.FLOAT, chosen.size(), VitConfig.CHANNELS, first.height(), first.width());
        try (input) {
            for (int i = 0; i < chosen.size(); i++) {
                try (INDArray one = model.normalized(images.get(chosen.get(i)).input())) {
                    input.get(NDArrayIndex.interval(i, i + 1)).assign(one);
                }
            }
            List<PatchFeatures> found = model.patchFeatures(List.of(input));
            for (int i = 0; i < chosen.size(); i++) {
                into[chosen.get(i)] = unit(found.get(i));
            }
        }
    }

    private static PatchFeatures unit(PatchFeatures f) {
        normalize(f.cls(), 0, f.dimension());
        for (int p = 0; p < f.numPatches(); p++) {
            normalize(f.patches(), p * f.dimension(), f.dimension());
        }
        return f;
    }

    private static void normalize(float[] values, int at, int count) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += (double) values[i] * values[i];
        }
        float scale = sum > 0 ? (float) (1 / Math.sqrt(sum)) : 0;
        for (int i = at; i < at + count; i++) {
            values[i] *= scale;
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
