package io.dino4j.zoo.weights;

import io.dino4j.graph.exec.Backend;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An open {@code .safetensors} file of any size. The header is read and checked at once; tensors are mapped into memory
 * one at a time when asked for and copied out, so that nothing refers to the file after {@link #close()}.
 *
 * @see <a href="https://github.com/huggingface/safetensors">the format</a>
 */
public final class Safetensors implements TensorFile {
    private static final long LARGEST_MAP = 1L << 30; // a Java mapping ends at 2 GiB

    private final Path file;
    private final FileChannel channel;
    private final SafetensorsHeader header;

    private Safetensors(Path file, FileChannel channel, SafetensorsHeader header) {
        this.file = file;
        this.channel = channel;
        this.header = header;
    }

    /**
     * Opens a file and checks its header: lengths, types, shapes and offsets must fit each other and the file.
     *
     * @throws WeightsException naming the file and the tensor if it is damaged, or if there is no such file
     */
    public static Safetensors open(Path file) {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            return new Safetensors(file, channel, SafetensorsHeader.read(file, channel));
        } catch (NoSuchFileException e) {
            throw new WeightsException("%s: no such file".formatted(file), e);
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be read: %s".formatted(file, e), e).closing(channel);
        } catch (WeightsException e) {
            throw e.closing(channel);
        }
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public String format() {
        return "safetensors";
    }

    /** {@inheritDoc} The type is that of the file. */
    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(header.tensors());
    }

    /** The free text pairs of the header. */
    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /**
     * One tensor in its own type and shape, as a copy.
     *
     * @throws WeightsException if there is none of this name, or it cannot be read
     */
    @Override
    public INDArray read(String name) {
        TensorInfo info = info(name);
        if (info.length() == 0) {
            return Nd4j.create(info.type(), info.shape());
        }
        INDArray array = Nd4j.createUninitialized(info.type(), info.shape(), 'c');
        copy(info, array);
        return array;
    }

    @Override
    public void readInto(String name, INDArray target) {
        TensorInfo info = info(name);
        if (info.type() == target.dataType() && info.length() == target.length() && info.length() > 0) {
            copy(info, target);
        } else {
            TensorFile.super.readInto(name, target);
        }
    }

    private TensorInfo info(String name) {
        TensorInfo info = header.tensors().get(name);
        if (info == null) {
            throw new WeightsException("%s: no tensor is named '%s'".formatted(file, name));
        }
        return info;
    }

    private void copy(TensorInfo info, INDArray target) {
        try (BytePointer to = new BytePointer(target.data().addressPointer())) {
            for (long done = 0; done < info.bytes(); done += LARGEST_MAP) {
                long part = Math.min(LARGEST_MAP, info.bytes() - done);
                MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, info.offset() + done, part);
                try (BytePointer from = new BytePointer(map)) {
                    Pointer.memcpy(to.position(done), from, part);
                }
            }
            Backend.loaded().writtenOnHost(target);
        } catch (IOException e) {
            throw new WeightsException("%s: tensor '%s' cannot be read: %s".formatted(file, info.name(), e), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be closed: %s".formatted(file, e), e);
        }
    }
}
