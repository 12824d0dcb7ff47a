package io.dino4j.data.curation.copy;

import io.dino4j.data.Progress;
import io.dino4j.data.Seed;
import io.dino4j.data.curation.Embedder;
import io.dino4j.data.file.Durable;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.RenderedShapes;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Images to vectors that are near for altered copies of one picture, without a network: {@link LocalFeatures} gathered by a codebook, whitened,
 * of length 1. Compression, size, colour, cropping, a turn of some degrees, text, blur and mirroring change a vector little; what is on the
 * picture does not matter as such: two dogs are no nearer than a dog and a car.
 *
 * <p>The codebook and the directions are learnt from a sample of images, best of those that are to be searched, and follow from the seed.
 * Vectors can be compared only if they come from equal descriptors: {@link #save} it beside the vectors.
 *
 * <p>A picture without a key point (flat, or a smooth gradient) gets a vector drawn by the hash of its pixels: it is near to nothing but itself.
 */
public final class CopyDescriptor implements Embedder {
    /** Largest D. */
    public static final int DIMENSION = 256;

    /** Least similarity of a pair worth looking at: what altered copies of imagenette photos hardly ever fall below, see docs/copies.md. */
    public static final float CANDIDATE_THRESHOLD = 0.15f;

    /** Least similarity of copies if nobody looks at the images: from the same curve. */
    public static final float THRESHOLD = 0.55f;

    /** Images learnt from, at most. */
    public static final int MOST_IMAGES = 1024;

    /** Images learnt from, at least; where there are fewer, built-in pictures are added, and vectors alone do not tell copies of photos well. */
    public static final int LEAST_IMAGES = 256;

    /** Images for each direction: with fewer the directions would tell the sample's images apart from their own copies. */
    private static final int IMAGES_PER_DIRECTION = 4;

    private final Codebook codebook;
    private final Whitening whitening;

    CopyDescriptor(Codebook codebook, Whitening whitening) {
        this.codebook = codebook;
        this.whitening = whitening;
    }

    /**
     * Learns from images. Unreadable ones are left out.
     *
     * @param images sample, or all; at most {@value #MOST_IMAGES} of them are read, evenly spread
     * @param seed equal seeds and images give equal descriptors, for any number of threads
     * @param progress told of each image
     * @return a descriptor of up to {@value #DIMENSION} numbers, fewer if there are few images
     */
    public static CopyDescriptor learn(ImageSource images, Seed seed, Progress progress) {
        return learn(images, LEAST_IMAGES, seed, progress);
    }

    /** Adds built-in pictures up to a number of them. */
    static CopyDescriptor learn(ImageSource images, int least, Seed seed, Progress progress) {
        int count = Math.min(images.size(), MOST_IMAGES);
        progress.begin("features", 0, count);
        LocalFeatures[] found = new LocalFeatures[count];
        int step = 32; // images between two reports
        for (int from = 0; from < count; from += step) {
            int first = from;
            IntStream.range(from, Math.min(count, from + step)).parallel().forEach(i -> {
                found[i] = read(images, (int) ((long) i * images.size() / count), progress);
            });
            progress.advance(Math.min(count, first + step), java.util.Map.of());
        }
        progress.end();
        List<LocalFeatures> sample = Stream.concat(
                        Arrays.stream(found).filter(f -> f != null && f.count() > 0), builtIn(found, least, seed))
                .toList();
        Codebook codebook = Codebook.learn(sample, seed.derive("codebook"));
        float[][] vectors = sample.parallelStream().map(codebook::encode).toArray(float[][]::new);
        int dimension = Math.min(DIMENSION, vectors.length / IMAGES_PER_DIRECTION);
        return new CopyDescriptor(codebook, Whitening.of(vectors, dimension, seed.derive("whitening")));
    }

    /** Returns the numbers in a vector, D. */
    public int dimension() {
        return whitening.directions().length;
    }

    @Override
    public float[][] embed(List<Image> images) {
        return images.parallelStream().map(this::embed).toArray(float[][]::new);
    }

    /**
     * Embeds one image.
     *
     * @param image of any size
     * @return (D) of length 1
     */
    public float[] embed(Image image) {
        LocalFeatures features = LocalFeatures.of(image);
        return features.count() == 0 ? ofPixels(image) : embed(features);
    }

    /**
     * Embeds an image whose features are known.
     *
     * @param features at least one
     * @return (D) of length 1
     */
    public float[] embed(LocalFeatures features) {
        if (features.count() == 0) {
            throw new IllegalArgumentException("an image without key points is embedded by its pixels");
        }
        return whitening.apply(codebook.encode(features));
    }

    /**
     * Writes the descriptor to a file of about 8 MB, durably.
     *
     * @param file target, in a folder that exists
     * @throws IOException if it cannot be written
     */
    public void save(Path file) throws IOException {
        Durable.write(file, bytes());
    }

    /** What {@link #save} writes: equal descriptors have equal bytes. */
    public byte[] bytes() {
        return DescriptorFile.bytes(codebook, whitening);
    }

    /**
     * Reads a descriptor.
     *
     * @param file written by {@link #save}
     * @return an equal one
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if the file is another one or damaged
     */
    public static CopyDescriptor load(Path file) throws IOException {
        return DescriptorFile.read(file);
    }

    /** Null, which stays in here, if it cannot be read. */
    private static LocalFeatures read(ImageSource images, int i, Progress progress) {
        try {
            return LocalFeatures.of(images.read(i, LocalFeatures.REDUCTION));
        } catch (UnreadableImageException e) {
            progress.say(e.getMessage());
            return null;
        }
    }

    private static Stream<LocalFeatures> builtIn(LocalFeatures[] found, int least, Seed seed) {
        AtomicInteger usable = new AtomicInteger();
        Arrays.stream(found).filter(f -> f != null && f.count() > 0).forEach(f -> usable.incrementAndGet());
        int missing = least - usable.get();
        if (missing <= 0) {
            return Stream.empty();
        }
        RenderedShapes shapes = RenderedShapes.draw("copies", missing, LocalFeatures.SIDE, seed.root());
        return IntStream.range(0, missing).parallel().mapToObj(i -> LocalFeatures.of(shapes.read(i)));
    }

    private float[] ofPixels(Image image) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(
                    (image.width() + "x" + image.height() + " ").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            long seed = java.nio.ByteBuffer.wrap(sha256.digest(image.rgb())).getLong();
            SplittableRandom rng = new SplittableRandom(seed);
            float[] vector = new float[dimension()];
            for (int d = 0; d < vector.length; d++) {
                vector[d] = (float) rng.nextGaussian();
            }
            MatrixProduct.normalize(vector);
            return vector;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
