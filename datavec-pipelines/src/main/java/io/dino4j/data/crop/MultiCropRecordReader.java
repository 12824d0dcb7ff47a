package io.dino4j.data.crop;

import io.dino4j.data.Seed;
import io.dino4j.data.image.Canvas;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.datavec.api.conf.Configuration;
import org.datavec.api.records.Record;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.metadata.RecordMetaDataIndex;
import org.datavec.api.records.reader.BaseRecordReader;
import org.datavec.api.split.InputSplit;
import org.datavec.api.writable.IntWritable;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Crops for those who read with DataVec: one record an image, in the order of the source. A record is its views, two global crops and then
 * the local ones, each a (1, 3, S, S) FLOAT array, and after them the class of the image, -1 if it has none, if the source has classes. With
 * DL4J's {@code RecordReaderMultiDataSetIterator}, name columns 0 and 1 for the global crops, and so on.
 *
 * <p>{@link #reset} begins the next epoch, with the same images in the same order and other crops, which follow from (seed, epoch, image). An
 * unreadable image is told of and left out. Crops are cut on the thread that asks for them: to train, {@link BatchLoader} is faster, which
 * uses all processors and its memory again. One thread may use an instance.
 */
public final class MultiCropRecordReader extends BaseRecordReader {
    private static final long serialVersionUID = 1L;

    private final transient ImageSource source;
    private final transient MultiCropConfig config;
    private final transient MultiCrop crops;
    private final transient Reduction reduction;
    private final transient Seed seed;
    private final transient Consumer<String> warnings;
    private final transient Canvas canvas = new Canvas();
    private transient Configuration configuration = new Configuration();
    private int epoch;
    private int position; // the next image to try
    private transient Image ready; // the image at position - 1, if it was read ahead

    /**
     * Starts at the first image; nothing has to be initialised.
     *
     * @param source the images
     * @param config sizes and augmentations
     * @param seed equal seeds give equal crops
     * @param warnings receives one line for each unreadable image
     */
    public MultiCropRecordReader(ImageSource source, MultiCropConfig config, long seed, Consumer<String> warnings) {
        this.source = source;
        this.config = config;
        this.crops = new MultiCrop(config);
        this.reduction = config.reduction();
        this.seed = new Seed(seed).derive("records");
        this.warnings = warnings;
    }

    /** Does nothing: the source was given at construction. */
    @Override
    public void initialize(InputSplit split) {}

    /** Does nothing but keep the configuration: the source was given at construction. */
    @Override
    public void initialize(Configuration conf, InputSplit split) {
        configuration = conf;
    }

    @Override
    public boolean hasNext() {
        while (ready == null && position < source.size()) {
            try {
                ready = source.read(position++, reduction);
            } catch (UnreadableImageException e) {
                warnings.accept("skipped " + e.getMessage());
            }
        }
        return ready != null;
    }

    @Override
    public List<Writable> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + source.size() + " images were delivered; reset() begins again");
        }
        Image image = ready;
        ready = null;
        List<Writable> record = record(position - 1, image, epoch);
        invokeListeners(record);
        return record;
    }

    private List<Writable> record(int index, Image image, int ofEpoch) {
        List<Writable> record = new ArrayList<>();
        var rng = seed.at(ofEpoch, index);
        for (int crop = 0; crop < crops.count(); crop++) {
            crops.cut(crop, image, canvas, rng);
            INDArray view = Nd4j.createUninitialized(DataType.FLOAT, 1, 3, canvas.height(), canvas.width());
            canvas.write(config.normalization(), BatchArrays.row(view, 0));
            record.add(new NDArrayWritable(view));
        }
        if (!source.classes().isEmpty()) {
            record.add(new IntWritable(source.label(index)));
        }
        return record;
    }

    @Override
    public boolean batchesSupported() {
        return true;
    }

    @Override
    public List<List<Writable>> next(int count) {
        List<List<Writable>> records = new ArrayList<>();
        while (records.size() < count && hasNext()) {
            records.add(next());
        }
        return records;
    }

    /** Names of the classes, in the order of the labels. */
    @Override
    public List<String> getLabels() {
        return source.classes();
    }

    /** Begins the next epoch. */
    @Override
    public void reset() {
        position = 0;
        ready = null;
        epoch++;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /**
     * Not supported: images come from the source.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public List<Writable> record(URI uri, DataInputStream in) {
        throw new UnsupportedOperationException("crops are read from an ImageSource, not from a stream");
    }

    /** The next record, and which image it is of; {@link #loadFromMetaData} makes crops of this epoch again. */
    @Override
    public Record nextRecord() {
        List<Writable> record = next();
        URI name = Path.of(source.name(position - 1)).toUri();
        return new org.datavec.api.records.impl.Record(
                record, new RecordMetaDataIndex(position - 1L, name, MultiCropRecordReader.class));
    }

    @Override
    public Record loadFromMetaData(RecordMetaData meta) throws IOException {
        if (!(meta instanceof RecordMetaDataIndex at) || at.getIndex() < 0 || at.getIndex() >= source.size()) {
            throw new IllegalArgumentException(meta + ": not the place of one of " + source.size() + " images");
        }
        int index = (int) at.getIndex();
        return new org.datavec.api.records.impl.Record(record(index, source.read(index, reduction), epoch), meta);
    }

    @Override
    public List<Record> loadFromMetaData(List<RecordMetaData> metas) throws IOException {
        List<Record> records = new ArrayList<>();
        for (RecordMetaData meta : metas) {
            records.add(loadFromMetaData(meta));
        }
        return records;
    }

    @Override
    public void setConf(Configuration conf) {
        configuration = conf;
    }

    @Override
    public Configuration getConf() {
        return configuration;
    }

    @Override
    public void close() {
        ready = null;
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        throw new NotSerializableException("a reader of crops cannot be serialised; construct one where it is used");
    }
}
