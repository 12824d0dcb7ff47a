package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.Embedding;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.vector.VectorType;
import io.dino4j.graph.Precision;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.feature.Extraction;
import io.dino4j.zoo.feature.NetworkEmbedder;
import io.dino4j.zoo.feature.NetworkRecipe;
import io.dino4j.zoo.weights.WeightFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * How images are embedded by a network.
 *
 * @param weights as {@code --weights} takes them
 * @param options which network of them
 * @param kernels who computes the ops
 * @param precision of the network, f32 or bf16
 * @param size side of the network's input in pixels; empty for the usual one
 * @param batch images in a pass; empty for the usual number
 * @param threads that decode
 */
record NetworkEmbedding(
        Path weights,
        WeightOptions options,
        List<KernelProvider> kernels,
        Precision precision,
        OptionalInt size,
        OptionalInt batch,
        int threads) {
    NetworkEmbedding {
        if (precision == Precision.F64) {
            throw new IllegalArgumentException("--precision must be f32 or bf16, got f64");
        }
    }

    /** Embeds images, from where an interrupted run stopped. */
    EmbeddingSet embed(ImageSource images, String named, Path out, VectorType type, boolean force, Progress progress)
            throws IOException {
        Path file = WeightOptions.find(weights);
        Dinov2.Options how = options.on(kernels).in(precision);
        try (Dinov2 loaded = Dinov2.load(file, how);
                Dinov2 model = loaded.with(preprocessing(loaded))) {
            int side = ((EvalTransform) model.preprocessing()).crop();
            int together = batch.orElse(Extraction.usualBatch(model.config().numTokens(side, side)));
            NetworkEmbedder embedder = new NetworkEmbedder(model, NetworkRecipe.of(file, how, size, together));
            Embedding embedding = new Embedding(images, embedder, together, threads);
            return embedding.run(out, embedding.settings(name(file, model), named), type, force, progress);
        }
    }

    /** What vectors must have in common to be compared. */
    private String name(Path file, Dinov2 model) throws IOException {
        return "network %s, %s of images decoded at 1/2, 1/4 or 1/8 where enough, %s"
                .formatted(
                        Sha256.of(WeightFiles.find(file, options.role())),
                        model.preprocessing(),
                        precision.name().toLowerCase(Locale.ROOT));
    }

    private EvalTransform preprocessing(Dinov2 model) {
        EvalTransform usual = (EvalTransform) model.preprocessing();
        if (size.isEmpty()) {
            return usual;
        }
        int patch = model.config().patchSize();
        int side = size.getAsInt();
        if (side < patch || side % patch != 0) {
            throw new IllegalArgumentException(
                    "--size must be a multiple of %d, the patch size, got %d".formatted(patch, side));
        }
        return EvalTransform.of(side);
    }
}
