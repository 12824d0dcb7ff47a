package io.dino4j.zoo.onnx;

import io.dino4j.data.Progress;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * Writes a model whole or not at all: into hidden files beside the targets, flushed to the disk, then renamed over them, the model last.
 * Weights go out one at a time. In the model they are written by hand as the fields that protobuf would write, for which it
 * would want all of them in memory, twice.
 */
final class ModelWriter {
    /** Weights from this on go into a file beside the model; protobuf ends at 2 GB, and readers copy what is in the model. */
    static final long LARGEST_INSIDE = 1L << 30;

    /** In a data file weights begin at pages, so that they can be mapped. */
    private static final long PAGE = 4096;

    /** Smaller weights stay in the model. */
    private static final long SMALL = 1024;

    private static final int BUFFER = 1 << 20;
    private static final long MB = 1_000_000;

    private final GraphBuilder graph;
    private final ModelProto frame;
    private final Progress progress;
    private long written;

    /**
     * A model to write.
     *
     * @param frame the model without its graph
     */
    ModelWriter(GraphBuilder graph, ModelProto frame, Progress progress) {
        this.graph = graph;
        this.frame = frame;
        this.progress = progress;
    }

    long weightBytes() {
        return graph.weights().stream().mapToLong(Weight::bytes).sum();
    }

    /** Writes a model that holds its weights. */
    void writeInside(Path file) throws IOException {
        begin();
        Path model = draft(file);
        try {
            write(model, out -> inside(out, graph.graph().build(), graph.weights()));
            move(model, file);
        } finally {
            Files.deleteIfExists(model);
            progress.end();
        }
    }

    /** Writes a model and a file of weights. */
    void writeBeside(Path file, Path data) throws IOException {
        begin();
        GraphProto.Builder described = graph.graph().clone();
        List<Weight> inside =
                graph.weights().stream().filter(w -> w.bytes() < SMALL).toList();
        List<Weight> beside =
                graph.weights().stream().filter(w -> w.bytes() >= SMALL).toList();
        Path weights = draft(data);
        Path model = draft(file);
        try {
            write(weights, out -> beside(out, beside, data.getFileName().toString(), described));
            write(model, out -> inside(out, described.build(), inside));
            move(weights, data);
            move(model, file);
        } finally {
            Files.deleteIfExists(weights);
            Files.deleteIfExists(model);
            progress.end();
        }
    }

    private void begin() {
        progress.begin("export, MB", 0, Math.max(1, weightBytes() / MB));
    }

    private void wrote(long bytes) {
        written += bytes;
        progress.advance(written / MB, Map.of());
    }

    @FunctionalInterface
    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Not a temporary file, which only its owner could read: a model is for others. It goes too if the process is told to end. */
    private static Path draft(Path file) {
        Path draft = file.resolveSibling(".%s-%d.draft"
                .formatted(file.getFileName(), ProcessHandle.current().pid()));
        draft.toFile().deleteOnExit();
        return draft;
    }

    private static void move(Path draft, Path file) throws IOException {
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void write(Path draft, Content content) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        draft,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
            content.writeTo(out);
            out.flush();
            channel.force(true);
        }
    }

    private void beside(OutputStream out, List<Weight> weights, String location, GraphProto.Builder described)
            throws IOException {
        long at = 0;
        for (Weight w : weights) {
            long start = (at + PAGE - 1) / PAGE * PAGE;
            out.write(new byte[(int) (start - at)]);
            described.addInitializer(w.head()
                    .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                    .addExternalData(entry("location", location))
                    .addExternalData(entry("offset", Long.toString(start)))
                    .addExternalData(entry("length", Long.toString(w.bytes()))));
            w.writeTo(out);
            at = start + w.bytes();
            wrote(w.bytes());
        }
    }

    static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    private void inside(OutputStream stream, GraphProto described, List<Weight> weights) throws IOException {
        long size = described.getSerializedSize();
        for (Weight w : weights) {
            size += fieldSize(GraphProto.INITIALIZER_FIELD_NUMBER, tensorSize(w));
        }
        CodedOutputStream out = CodedOutputStream.newInstance(stream);
        frame.writeTo(out);
        begin(out, ModelProto.GRAPH_FIELD_NUMBER, size);
        described.writeTo(out);
        for (Weight w : weights) {
            begin(out, GraphProto.INITIALIZER_FIELD_NUMBER, tensorSize(w));
            w.head().build().writeTo(out);
            begin(out, TensorProto.RAW_DATA_FIELD_NUMBER, w.bytes());
            out.flush();
            w.writeTo(stream);
            wrote(w.bytes());
        }
        out.flush();
    }

    private static long tensorSize(Weight w) {
        return w.head().build().getSerializedSize() + fieldSize(TensorProto.RAW_DATA_FIELD_NUMBER, w.bytes());
    }

    private static long fieldSize(int field, long length) {
        return CodedOutputStream.computeUInt64Size(field, length) + length;
    }

    private static void begin(CodedOutputStream out, int field, long length) throws IOException {
        out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt64NoTag(length);
    }
}
