package io.dino4j.zoo.model;

import io.dino4j.data.Seed;
import io.dino4j.data.crop.Permutation;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.data.image.HorizontalFlip;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.Range;
import io.dino4j.data.image.Transform;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.graph.vit.VitConfig;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of labelled folders for {@code fit} and {@code evaluate} of a {@link Dinov2ZooModel}: {@code [B, 3, S, S]} normalised, and one
 * row of labels for each. Images are decoded by all processors; DL4J's asynchronous iterator, which {@code fit} puts around it, does that
 * while the network trains. Unreadable images are left out with a line in the log.
 */
public final class LabelledImages implements DataSetIterator {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(LabelledImages.class);

    private final transient ImageSource source;
    private final transient View view;
    private final int batch;
    private final boolean shuffled;
    private final long seed;
    private int epoch;
    private int position;
    private transient int[] order;
    private transient DataSetPreProcessor preProcessor;

    /** From an image to what the network sees of it. */
    @FunctionalInterface
    private interface View {
        Image of(Image image, RandomGenerator random);
    }

    private LabelledImages(ImageSource source, View view, int batch, boolean shuffled, long seed) {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch needs at least one image, got " + batch);
        }
        if (source.classes().size() < 2) {
            throw new IllegalArgumentException(
                    "%s has no classes: expected one folder for each class".formatted(source.name(0)));
        }
        this.source = source;
        this.view = view;
        this.batch = batch;
        this.shuffled = shuffled;
        this.seed = seed;
        order = order();
    }

    /**
     * For training: shuffled anew in each epoch; random crops of 8 to 100% of the image and flips, as for the official linear classifiers.
     *
     * @param images with classes
     * @param size side of the network's input in pixels
     * @param batch images in a batch, 1 or more
     * @param seed fixes order and crops
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public static LabelledImages training(ImageSource images, int size, int batch, long seed) {
        Transform crop = Transform.randomResizedCrop(size, new Range(0.08, 1))
                .then(Transform.sometimes(0.5, new HorizontalFlip()));
        return new LabelledImages(images, crop::apply, batch, true, seed);
    }

    /**
     * For evaluation: in order, through the official preprocessing.
     *
     * @param images with classes
     * @param size side of the network's input in pixels
     * @param batch images in a batch, 1 or more
     * @throws IllegalArgumentException if there are fewer than two classes
     */
    public static LabelledImages evaluation(ImageSource images, int size, int batch) {
        EvalTransform eval = EvalTransform.of(size);
        return new LabelledImages(images, (image, random) -> eval.apply(image), batch, false, 0);
    }

    private int[] order() {
        return shuffled
                ? Permutation.draw(source.size(), new Seed(seed).at(epoch, 0))
                : IntStream.range(0, source.size()).toArray();
    }

    @Override
    public boolean hasNext() {
        return position < order.length;
    }

    @Override
    public DataSet next() {
        return next(batch);
    }

    @Override
    public DataSet next(int count) {
        List<Sample> samples = List.of();
        while (samples.isEmpty()) {
            if (!hasNext()) {
                throw new NoSuchElementException("no image is left");
            }
            int[] chosen = Arrays.copyOfRange(order, position, Math.min(order.length, position + count));
            position += chosen.length;
            samples = Arrays.stream(chosen)
                    .parallel()
                    .mapToObj(this::read)
                    .filter(Objects::nonNull)
                    .toList();
        }
        DataSet data = data(samples);
        if (preProcessor != null) {
            preProcessor.preProcess(data);
        }
        return data;
    }

    private record Sample(Image pixels, int label) {}

    private Sample read(int index) {
        try {
            RandomGenerator random = new Seed(seed).at(epoch, index + 1);
            return new Sample(view.of(source.read(index), random), source.label(index));
        } catch (UnreadableImageException e) {
            LOG.warn("left out {}", e.getMessage());
            return null;
        }
    }

    private DataSet data(List<Sample> samples) {
        Image first = samples.get(0).pixels();
        int length = first.rgb().length;
        float[] values = new float[samples.size() * length];
        float[] one = new float[length];
        INDArray labels = Nd4j.zeros(DataType.FLOAT, samples.size(), totalOutcomes());
        for (int i = 0; i < samples.size(); i++) {
            Normalization.imagenet().write(samples.get(i).pixels(), one);
            System.arraycopy(one, 0, values, i * length, length);
            labels.putScalar(i, samples.get(i).label(), 1);
        }
        INDArray images =
                Nd4j.createFromArray(values).reshape(samples.size(), VitConfig.CHANNELS, first.height(), first.width());
        return new DataSet(images, labels);
    }

    @Override
    public int inputColumns() {
        throw new UnsupportedOperationException("images have no columns");
    }

    @Override
    public int totalOutcomes() {
        return source.classes().size();
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean asyncSupported() {
        return true;
    }

    /** Begins the next epoch. */
    @Override
    public void reset() {
        epoch++;
        position = 0;
        order = order();
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor p) {
        preProcessor = p;
    }

    @Override
    public DataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    @Override
    public List<String> getLabels() {
        return source.classes();
    }
}
