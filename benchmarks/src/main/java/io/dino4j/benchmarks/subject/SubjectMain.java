package io.dino4j.benchmarks.subject;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.dino4j.train.metrics.LinuxMemory;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;

/**
 * The process of one subject. It is named by the first argument and described by the others, {@code key=value}. One line of JSON says
 * that it is ready, one answers every line of standard input:
 * <ul>
 *   <li>{@code run N}: N runs; of each the seconds, and what it did to time and memory;
 *   <li>{@code reset}: the peak of resident memory is counted anew;
 *   <li>{@code facts}: memory peaks, and what the subject knows of itself;
 *   <li>{@code results FILE}: what a run gives, written to a file, see {@link #write};
 *   <li>{@code end}, or the end of input: no answer, the process ends.
 * </ul>
 */
public final class SubjectMain {
    private static final double SECOND = 1e9;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Subject subject;
    private final boolean javacpp;
    private long peakBefore;

    private SubjectMain(Subject subject, boolean javacpp) {
        this.subject = subject;
        this.javacpp = javacpp;
    }

    /** Serves until the input ends. */
    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // libraries talk too
        Arguments arguments = Arguments.of(args, 1);
        try (Subject subject = subject(args[0], arguments);
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            boolean foreign = subject instanceof Libtorch || subject instanceof OnnxRuntime;
            SubjectMain main = new SubjectMain(subject, !foreign);
            out.println(main.facts());
            for (String line = in.readLine(); line != null && !line.equals("end"); line = in.readLine()) {
                out.println(main.answer(line.split(" ", 2)));
            }
        }
        System.exit(0); // thread pools of the libraries do not end by themselves
    }

    private static Subject subject(String kind, Arguments a) {
        return switch (kind) {
            case "backbone" -> new Backbone(a);
            case "libtorch" -> new Libtorch(a);
            case "onnx" -> new OnnxRuntime(a);
            case "step" -> new Step(a);
            case "training" -> new Training(a);
            case "optimizer" -> new Optimizer(a);
            case "copy" -> new MemoryCopy(a);
            case "gemm" -> new Gemm(a);
            default -> throw new IllegalArgumentException("there is no subject " + kind);
        };
    }

    private ObjectNode answer(String[] order) throws IOException {
        switch (order[0]) {
            case "run":
                return runs(Integer.parseInt(order[1]));
            case "reset":
                peakBefore = LinuxMemory.peakResident().orElse(0);
                Files.writeString(Path.of("/proc/self/clear_refs"), "5");
                return JSON.createObjectNode();
            case "facts":
                return facts();
            case "results":
                return write(Path.of(order[1]));
            default:
                throw new IllegalArgumentException("no such order: " + order[0]);
        }
    }

    private ObjectNode facts() {
        ObjectNode facts = JSON.createObjectNode();
        LinuxMemory.peakResident().ifPresent(peak -> {
            facts.put("peak_resident_bytes", Math.max(peak, peakBefore));
            facts.put("running_peak_resident_bytes", peak);
        });
        facts.setAll((ObjectNode) JSON.valueToTree(subject.facts()));
        return facts;
    }

    private ObjectNode runs(int count) {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode seconds = answer.putArray("seconds");
        long allocated = 0;
        double measured = 0;
        long cpu = 0;
        for (int i = 0; i < count; i++) {
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            long cpuStart = SYSTEM.getProcessCpuTime();
            long start = System.nanoTime();
            subject.run();
            double s = (System.nanoTime() - start) / SECOND;
            cpu += SYSTEM.getProcessCpuTime() - cpuStart;
            allocated += THREADS.getCurrentThreadAllocatedBytes() - bytes;
            measured += s;
            seconds.add(s);
            subject.between();
        }
        answer.put("allocated_bytes", allocated);
        answer.put("busy_processors", cpu / SECOND / measured);
        LinuxMemory.resident().ifPresent(bytes -> answer.put("resident_bytes", bytes));
        if (javacpp) {
            answer.put("native_bytes", Pointer.totalBytes());
        }
        return answer;
    }

    /** Writes arrays one after the other: name as in {@link DataOutputStream#writeUTF}, length as an int, big-endian floats. */
    private ObjectNode write(Path file) throws IOException {
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            subject.between();
            subject.results((name, values) -> {
                try {
                    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
                    bytes.asFloatBuffer().put(values);
                    out.writeUTF(name);
                    out.writeInt(values.length);
                    out.write(bytes.array());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        return JSON.createObjectNode();
    }
}
