package io.dino4j.zoo.feature;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.FeatureKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Images of any sizes through a network: in passes of equal images, of few different numbers so that the same compiled graphs serve again
 * and again, and what is left over of all sizes in packed passes without padding.
 */
final class FeatureBatches {
    /** Fewer equal images than this part of a full pass go into a packed one: compiling for them alone is not worth it. */
    private static final int FEWEST = 4;

    /** Arrays of images that are kept for the next pass of the same shape. */
    private static final int MOST_BUFFERS = 32;

    private final Dinov2 model;
    private final FeatureKind kind;
    private final int most;
    private final Map<List<Integer>, INDArray> buffers = new LinkedHashMap<>();
    private float[] row = new float[0];

    /**
     * For a network.
     *
     * @param most images in a pass
     */
    FeatureBatches(Dinov2 model, FeatureKind kind, int most) {
        this.model = model;
        this.kind = kind;
        this.most = most;
    }

    /**
     * The features of images.
     *
     * @param images as the network is to see them
     * @return one for each, in their order
     */
    List<float[]> of(List<Image> images) {
        float[][] all = new float[images.size()][];
        List<Integer> rest = new ArrayList<>();
        for (List<Integer> equal : bySize(images).values()) {
            int from = 0;
            for (int size = most; size >= Math.max(1, most / FEWEST); size /= 2) {
                for (; equal.size() - from >= size; from += size) {
                    pass(images, equal.subList(from, from + size), all);
                }
            }
            rest.addAll(equal.subList(from, equal.size())); // sizes stay together
        }
        for (int from = 0; from < rest.size(); from += most) {
            pass(images, rest.subList(from, Math.min(rest.size(), from + most)), all);
        }
        return List.of(all);
    }

    private static Map<List<Integer>, List<Integer>> bySize(List<Image> images) {
        Map<List<Integer>, List<Integer>> sizes = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            Image image = images.get(i);
            sizes.computeIfAbsent(List.of(image.height(), image.width()), s -> new ArrayList<>())
                    .add(i);
        }
        return sizes;
    }

    private void pass(List<Image> images, List<Integer> chosen, float[][] into) {
        if (buffers.size() > MOST_BUFFERS) { // many sizes: those of earlier passes go
            buffers.values().forEach(INDArray::close);
            buffers.clear();
        }
        List<Image> ordered = chosen.stream().map(images::get).toList();
        List<INDArray> groups = new ArrayList<>();
        for (List<Integer> group : bySize(ordered).values()) {
            groups.add(batch(group.stream().map(ordered::get).toList()));
        }
        List<float[]> features = model.features(groups, kind);
        for (int i = 0; i < chosen.size(); i++) {
            into[chosen.get(i)] = features.get(i);
        }
    }

    /** Images of one size, normalised, {@code [B, 3, H, W]}; in memory that the next batch of this shape uses again. */
    private INDArray batch(List<Image> images) {
        int h = images.get(0).height();
        int w = images.get(0).width();
        int length = VitConfig.CHANNELS * h * w;
        INDArray batch = buffers.computeIfAbsent(
                List.of(images.size(), h, w),
                s -> Nd4j.create(DataType.FLOAT, images.size(), VitConfig.CHANNELS, h, w));
        row = row.length < length ? new float[length] : row;
        Normalization normalization = model.preprocessing().normalization();
        FloatPointer to = new FloatPointer(batch.data().addressPointer());
        for (int i = 0; i < images.size(); i++) {
            normalization.write(images.get(i), row);
            to.position((long) i * length).put(row, 0, length);
        }
        Backend.loaded().writtenOnHost(batch);
        return batch;
    }
}
