package io.dino4j.zoo.weights;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes {@code .safetensors} files whole or not at all: into a hidden file beside the target, flushed to the disk, then
 * renamed over it.
 */
public final class SafetensorsWriter {
    private static final long LARGEST_WRITE = 1L << 28;

    private SafetensorsWriter() {}

    /**
     * Writes named arrays.
     *
     * @param file target; replaced if it exists
     * @param tensors name to array, in order; FLOAT, FLOAT16, BFLOAT16, DOUBLE, INT64, INT32, UINT8 or BOOL
     * @param metadata free text pairs, may be empty
     * @throws IOException if it cannot be written; the target is then what it was
     */
    public static void write(Path file, Map<String, INDArray> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorInfo> infos = new ArrayList<>();
        List<INDArray> data = new ArrayList<>();
        for (Map.Entry<String, INDArray> e : tensors.entrySet()) {
            INDArray array = e.getValue();
            long bytes = array.length() * array.dataType().width();
            if (array.isEmpty()) {
                bytes = 0;
            }
            infos.add(new TensorInfo(e.getKey(), array.dataType(), array.shape(), 0, bytes));
            boolean plain = array.ordering() == 'c' && !array.isView() && array.elementWiseStride() == 1;
            data.add(array.isEmpty() || plain ? array : array.dup('c'));
        }
        atomically(file, channel -> {
            drain(channel, SafetensorsHeader.write(infos, metadata));
            for (int i = 0; i < data.size(); i++) {
                if (infos.get(i).bytes() > 0) {
                    writeBytes(channel, data.get(i), 0, infos.get(i).bytes());
                }
            }
        });
    }

    /**
     * Writes a parameter vector under its own names, straight from its memory.
     *
     * @param file target; replaced if it exists
     * @param parameters what to write
     * @param metadata free text pairs, may be empty
     * @throws IOException if it cannot be written; the target is then what it was
     */
    public static void write(Path file, ParameterVector parameters, Map<String, String> metadata) throws IOException {
        INDArray vector = parameters.vector();
        List<TensorInfo> infos = new ArrayList<>();
        for (ParameterLayout.Entry e : parameters.layout().entries()) {
            infos.add(new TensorInfo(
                    e.name(),
                    vector.dataType(),
                    e.shape(),
                    0,
                    e.length() * vector.dataType().width()));
        }
        long bytes = parameters.layout().length() * vector.dataType().width();
        atomically(file, channel -> {
            drain(channel, SafetensorsHeader.write(infos, metadata));
            writeBytes(channel, vector, 0, bytes);
        });
    }

    /** The data of tensors, one after another. */
    @FunctionalInterface
    interface Content {
        /** Writes as many bytes as were announced. */
        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Writes tensors that are made as they are written.
     *
     * @param tensors names, types, shapes and lengths, in the order of the data
     * @param content their data
     */
    static void write(Path file, List<TensorInfo> tensors, Map<String, String> metadata, Content content)
            throws IOException {
        atomically(file, channel -> {
            drain(channel, SafetensorsHeader.write(tensors, metadata));
            content.writeTo(channel);
        });
    }

    /** Writes a file whole or not at all. */
    static void atomically(Path file, Content content) throws IOException {
        Path target = file.toAbsolutePath();
        // not createTempFile: its files are for their owner alone, and so would the result be
        Path draft = target.resolveSibling(".%s-%s.draft".formatted(target.getFileName(), UUID.randomUUID()));
        try {
            try (FileChannel channel =
                    FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static void writeBytes(FileChannel channel, INDArray array, long from, long bytes) throws IOException {
        Backend.loaded().toHost(array);
        Pointer memory = array.data().addressPointer();
        for (long done = from; done < bytes; done += LARGEST_WRITE) {
            drain(channel, Backend.bytes(memory, done, Math.min(LARGEST_WRITE, bytes - done)));
        }
    }

    static void drain(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
