package io.dino4j.zoo;

import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Preprocessing;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.download.Release;
import io.dino4j.zoo.picture.AttentionMaps;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A trained DINOv2 backbone: an image in, features out.
 *
 * <pre>{@code
 * try (Dinov2 model = Dinov2.load(Path.of("dinov2_vits14_pretrain.pth"))) {
 *     float[] cls = model.embed(Path.of("cat.jpg"));                  // [384]
 *     PatchFeatures patches = model.patchFeatures(Path.of("cat.jpg")); // 16 x 16 patches of 384 numbers
 * }
 * }</pre>
 *
 * <p>Pictures go through the official preprocessing (short side 256, centre crop 224, ImageNet's statistics; small backbones at their own
 * size) unless another is given to {@link #with(Preprocessing)}. Arrays are taken as the network's input. Methods may be called by many
 * threads, which then wait for each other: one pass uses all processors.
 */
public final class Dinov2 implements AutoCloseable {
    /** Pixels of the centre crop for backbones that are trained on at least as many. */
    private static final int USUAL_SIZE = 224;

    private final VitConfig config;
    private final Map<String, INDArray> weights;
    private final Options options;
    private final Preprocessing preprocessing;
    private final FeatureExtractor extractor;

    /**
     * How a backbone is run.
     *
     * @param heads number of attention heads; empty if the file tells, or its size is an official one
     * @param role which network, where there are student and teacher
     * @param precision number formats; features are 32 bits all the same
     * @param kernels who computes the ops, the first that can
     */
    public record Options(OptionalInt heads, NetworkRole role, Precision precision, List<KernelProvider> kernels) {
        /** The teacher, in 32 bits, on the fastest kernels of this machine. */
        public static Options defaults() {
            return new Options(OptionalInt.empty(), NetworkRole.TEACHER, Precision.F32, Providers.forThisMachine());
        }

        /** The same with so many attention heads. */
        public Options withHeads(OptionalInt number) {
            return new Options(number, role, precision, kernels);
        }

        /** The same of this network. */
        public Options of(NetworkRole network) {
            return new Options(heads, network, precision, kernels);
        }

        /** The same in other number formats. */
        public Options in(Precision other) {
            return new Options(heads, role, other, kernels);
        }

        /** The same on other kernels. */
        public Options on(List<KernelProvider> providers) {
            return new Options(heads, role, precision, providers);
        }
    }

    private Dinov2(VitConfig config, Map<String, INDArray> weights, Options options, Preprocessing preprocessing) {
        this.config = config;
        this.weights = weights;
        this.options = options;
        this.preprocessing = preprocessing;
        extractor = new FeatureExtractor(
                config, weights, Optional.of(new WeightVersion()), options.precision(), options.kernels());
    }

    /**
     * Weights that are here: size, registers and kind of feed-forward layer are read from the file.
     *
     * @param weights anything that {@link PretrainedWeights#open} reads: {@code .pth} or {@code .safetensors} in official, Hugging Face or
     *     timm names, a folder of Hugging Face, a run of one's own
     * @throws io.dino4j.zoo.weights.WeightsException naming the file and what is wrong with it
     */
    public static Dinov2 load(Path weights) {
        return load(weights, Options.defaults());
    }

    /**
     * Weights that are here, run as the options say.
     *
     * @throws io.dino4j.zoo.weights.WeightsException naming the file and what is wrong with it
     */
    public static Dinov2 load(Path weights, Options options) {
        try (PretrainedWeights file = PretrainedWeights.open(weights, options.role())) {
            VitConfig config = file.backbone(options.heads());
            return of(config, file.parameters(config), options);
        }
    }

    /**
     * Released weights, fetched into DL4J's cache if they are not there yet.
     *
     * @throws IOException if they cannot be fetched; what has arrived is kept for the next try
     */
    public static Dinov2 load(Release release) throws IOException {
        return load(release.fetch(Release.ORIGIN, Optional.empty()));
    }

    /**
     * Weights in memory, such as those of a fine-tuned network of DL4J.
     *
     * @param config shape of the backbone
     * @param weights official names without prefix to FLOAT arrays, contiguous in C order; used where they are, and not to be changed
     */
    public static Dinov2 of(VitConfig config, Map<String, INDArray> weights, Options options) {
        return new Dinov2(config, weights, options, EvalTransform.of(Math.min(USUAL_SIZE, config.imageSize())));
    }

    /** The same weights behind another preprocessing; each of the two is to be closed. */
    public Dinov2 with(Preprocessing other) {
        return new Dinov2(config, weights, options, other);
    }

    /** The backbone. */
    public VitConfig config() {
        return config;
    }

    /** How it is run. */
    public Options options() {
        return options;
    }

    /** Width of a feature, {@code D}. */
    public int dimension() {
        return config.embedDim();
    }

    /** What pictures go through. */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /** The weights, official names to arrays; not to be changed. */
    public Map<String, INDArray> weights() {
        return weights;
    }

    /**
     * The cls token of a picture after the final norm.
     *
     * @param image a JPEG or PNG file
     * @return {@code [D]}
     * @throws UnreadableImageException if it is none, or damaged
     */
    public float[] embed(Path image) throws UnreadableImageException {
        return embed(ImageDecoder.read(image));
    }

    /**
     * The cls token of a picture after the final norm.
     *
     * @param image a JPEG or PNG file; read to its end, and not closed
     * @return {@code [D]}
     * @throws IOException if it cannot be read or decoded
     */
    public float[] embed(InputStream image) throws IOException {
        return embed(ImageDecoder.read(image, "the picture"));
    }

    /** The cls token of a picture after the final norm, {@code [D]}; transparency is dropped. */
    public float[] embed(BufferedImage image) {
        return embed(Image.of(image));
    }

    /** The cls token of a picture after the final norm, {@code [D]}. */
    public float[] embed(Image image) {
        return embed(input(image));
    }

    /**
     * The cls token of the network's input after the final norm.
     *
     * @param image {@code [3, H, W]} or {@code [1, 3, H, W]}, normalised, RGB; sides are multiples of the patch size
     * @return {@code [D]}
     */
    public float[] embed(INDArray image) {
        return features(List.of(batchOfOne(image)), FeatureKind.cls()).get(0);
    }

    /**
     * The patch tokens of a picture after the final norm.
     *
     * @param image a JPEG or PNG file
     * @throws UnreadableImageException if it is none, or damaged
     */
    public PatchFeatures patchFeatures(Path image) throws UnreadableImageException {
        return patchFeatures(ImageDecoder.read(image));
    }

    /**
     * The patch tokens of a picture after the final norm.
     *
     * @param image a JPEG or PNG file; read to its end, and not closed
     * @throws IOException if it cannot be read or decoded
     */
    public PatchFeatures patchFeatures(InputStream image) throws IOException {
        return patchFeatures(ImageDecoder.read(image, "the picture"));
    }

    /** The patch tokens of a picture after the final norm; transparency is dropped. */
    public PatchFeatures patchFeatures(BufferedImage image) {
        return patchFeatures(Image.of(image));
    }

    /** The patch tokens of a picture after the final norm. */
    public PatchFeatures patchFeatures(Image image) {
        return patchFeatures(input(image));
    }

    /**
     * The patch tokens of the network's input after the final norm.
     *
     * @param image {@code [3, H, W]} or {@code [1, 3, H, W]}, normalised, RGB; sides are multiples of the patch size
     */
    public PatchFeatures patchFeatures(INDArray image) {
        INDArray one = batchOfOne(image);
        synchronized (extractor) {
            return extractor.patchFeatures(List.of(one)).get(0);
        }
    }

    /**
     * Cls and patch tokens of many images at once, of several sizes too: one pass without padding.
     *
     * @param groups {@code [B_g, 3, H_g, W_g]} FLOAT, normalised, RGB; sides are multiples of the patch size
     * @return one for each image, in order
     */
    public List<PatchFeatures> patchFeatures(List<INDArray> groups) {
        synchronized (extractor) {
            return extractor.patchFeatures(groups);
        }
    }

    /**
     * Features of many images at once, of several sizes too: one pass without padding.
     *
     * @param groups {@code [B_g, 3, H_g, W_g]} FLOAT, normalised, RGB; sides are multiples of the patch size
     * @param kind what is wanted
     * @return one array for each image, in order, see {@link FeatureKind.Pooling}
     */
    public List<float[]> features(List<INDArray> groups, FeatureKind kind) {
        synchronized (extractor) {
            return extractor.features(groups, kind);
        }
    }

    /**
     * Where the cls token looks in a picture.
     *
     * @param image the pixels that the network sees; sides are multiples of the patch size
     * @param block whose attention, from 0 to depth - 1
     */
    public AttentionMaps attention(Image image, int block) {
        return AttentionMaps.of(config, weights, normalized(image), block, options.kernels());
    }

    /** The network's input for a picture, {@code [1, 3, H, W]}. */
    public INDArray input(Image image) {
        return normalized(preprocessing.apply(image));
    }

    /** The network's input for pixels that are as it is to see them, {@code [1, 3, H, W]}: normalised only. */
    public INDArray normalized(Image pixels) {
        float[] chw = new float[pixels.rgb().length];
        preprocessing.normalization().write(pixels, chw);
        return Nd4j.createFromArray(chw).reshape(1, VitConfig.CHANNELS, pixels.height(), pixels.width());
    }

    private static INDArray batchOfOne(INDArray image) {
        INDArray one = image.rank() == 3 ? image.reshape(1, image.size(0), image.size(1), image.size(2)) : image;
        if (one.rank() != 4 || one.size(0) != 1 || one.size(1) != VitConfig.CHANNELS) {
            throw new IllegalArgumentException(
                    "expected one image [3, H, W] or [1, 3, H, W], got %s".formatted(Arrays.toString(image.shape())));
        }
        return one;
    }

    /** Releases the compiled graphs. */
    @Override
    public void close() {
        synchronized (extractor) {
            extractor.close();
        }
    }
}
