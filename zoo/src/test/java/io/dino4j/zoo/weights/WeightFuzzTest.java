package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Good files with something changed: whatever it is, they load or a {@link WeightsException} says in one line why not, and no more memory is
 * taken than the file has bytes for. The seed is printed; {@code -Ddino4j.fuzz.seed} and {@code -Ddino4j.fuzz.count} choose another run.
 */
final class WeightFuzzTest {
    private static final long SEED = Long.getLong("dino4j.fuzz.seed", 20231017);
    private static final int EACH = Integer.getInteger("dino4j.fuzz.count", 250);
    private static final long[] EXTREMES = {
        0,
        1,
        -1,
        Byte.MAX_VALUE,
        Short.MAX_VALUE,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xFFFFFFFFL,
        1L << 40,
        1L << 60,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /** Heap that a file of no bytes may cost, and what each of its bytes may: nodes of JSON and names are larger than their text. */
    private static final long HEAP = 4 << 20;

    private static final long HEAP_FOR_A_BYTE = 256;

    /** A good file, and which of the files in its folder is changed. */
    private record Subject(Path open, Path change) {}

    @TempDir
    private Path dir;

    @Test
    void whateverIsChangedLoadsOrIsRefused() throws IOException {
        System.err.println("WeightFuzzTest: -Ddino4j.fuzz.seed=%d -Ddino4j.fuzz.count=%d".formatted(SEED, EACH));
        SplittableRandom random = new SplittableRandom(SEED);
        int refused = 0;
        List<Subject> subjects = subjects();
        for (Subject subject : subjects) {
            byte[] good = Files.readAllBytes(subject.change());
            assertTrue(loads(subject), subject + " is good");
            for (int i = 0; i < EACH; i++) {
                byte[] bad = changed(good, random);
                Files.write(subject.change(), bad);
                try {
                    refused += loads(subject) ? 0 : 1;
                } catch (RuntimeException | Error e) {
                    Path kept = Files.write(Files.createTempFile("dino4j-fuzz", ".bin"), bad);
                    throw new AssertionError("%s as %s".formatted(kept, subject), e);
                }
            }
            Files.write(subject.change(), good);
        }
        int all = EACH * subjects.size();
        assertTrue(refused > all / 3 && refused < all, "%d of %d were refused".formatted(refused, all));
    }

    /** Every format and scheme, a hub's folder with its config, and an index with its shards. */
    private List<Subject> subjects() throws IOException {
        List<Subject> subjects = new ArrayList<>();
        for (NamingScheme scheme : NamingScheme.values()) {
            VitConfig config = Networks.configs().get(1 + scheme.ordinal());
            Path file = folder(scheme.option()).resolve("model.safetensors");
            new WeightsExport(scheme, WeightType.values()[scheme.ordinal()])
                    .write(file, config, Networks.filled(config, Optional.empty()));
            subjects.add(new Subject(file, file));
            if (scheme == NamingScheme.HUGGING_FACE) {
                subjects.add(new Subject(file.getParent(), file.resolveSibling("config.json")));
            }
            for (boolean zip64 : new boolean[] {false, true}) {
                Path torch = folder(scheme.option() + zip64).resolve("model.pth");
                torch(file, zip64, torch);
                subjects.add(new Subject(torch, torch));
            }
        }
        Path index = folder("shards").resolve("model.safetensors.index.json");
        Path shard = index.resolveSibling("only.safetensors");
        new WeightsExport(NamingScheme.OFFICIAL, WeightType.FLOAT32)
                .write(shard, Networks.MLP, Networks.filled(Networks.MLP, Optional.of(Networks.HEAD)));
        StringBuilder map = new StringBuilder();
        Networks.MLP.parameters().keySet().forEach(n -> map.append(map.isEmpty() ? "" : ",")
                .append("\"%s\":\"only.safetensors\"".formatted(n)));
        Files.writeString(index, "{\"metadata\":{},\"weight_map\":{%s}}".formatted(map));
        subjects.add(new Subject(index.getParent(), index));
        return subjects;
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(dir.resolve(name));
    }

    /** The same tensors as PyTorch would save them, under {@code teacher}. */
    private static void torch(Path from, boolean zip64, Path to) throws IOException {
        TorchFile torch = new TorchFile().raw("\u0080\u0002}").text("teacher").raw("ccollections\nOrderedDict\n)R(");
        try (Safetensors file = Safetensors.open(from)) {
            byte[] all = Files.readAllBytes(from);
            int key = 0;
            for (TensorInfo t : file.tensors().values()) {
                long[] stride = new long[t.shape().length];
                long elements = 1;
                for (int i = stride.length - 1; i >= 0; i--) {
                    stride[i] = elements;
                    elements *= t.shape()[i];
                }
                String type =
                        switch (t.type()) {
                            case FLOAT -> "FloatStorage";
                            case HALF -> "HalfStorage";
                            default -> "BFloat16Storage";
                        };
                torch.text(t.name()).tensor(type, "" + key, elements, 0, t.shape(), stride);
                torch.storage("" + key++, Arrays.copyOfRange(all, (int) t.offset(), (int) (t.offset() + t.bytes())));
            }
        }
        (zip64 ? torch.zip64() : torch).raw("us.").write(to);
    }

    private static byte[] changed(byte[] good, SplittableRandom random) {
        byte[] bad = good.clone();
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            bad = switch (random.nextInt(6)) {
                case 0 -> flipped(bad, random);
                case 1 -> Arrays.copyOf(bad, random.nextInt(bad.length + 1));
                case 2 -> spliced(bad, random);
                case 3 -> withExtreme(bad, random);
                case 4 -> withDigits(bad, random);
                default -> withWord(bad, random);
            };
        }
        return bad;
    }

    /** Where it hurts: the data in the middle of a file is of less interest than what is said of it at both ends. */
    private static int place(int length, SplittableRandom random) {
        int span = random.nextBoolean() ? length : Math.min(length, 6000);
        int at = random.nextInt(Math.max(1, span));
        return random.nextBoolean() ? at : length - 1 - at;
    }

    private static byte[] flipped(byte[] bytes, SplittableRandom random) {
        if (bytes.length > 0) {
            bytes[Math.max(0, place(bytes.length, random))] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private static byte[] spliced(byte[] bytes, SplittableRandom random) {
        int from = Math.max(0, place(bytes.length, random));
        int length = Math.min(random.nextInt(300), bytes.length - from);
        int to = Math.max(0, place(bytes.length, random));
        int skipped = Math.min(random.nextBoolean() ? 0 : random.nextInt(300), bytes.length - to);
        ByteBuffer out = ByteBuffer.allocate(bytes.length - skipped + length);
        out.put(bytes, 0, to).put(bytes, from, length).put(bytes, to + skipped, bytes.length - to - skipped);
        return out.array();
    }

    private static byte[] withExtreme(byte[] bytes, SplittableRandom random) {
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long value = EXTREMES[random.nextInt(EXTREMES.length)];
        int width = 2 << random.nextInt(3);
        int at = random.nextInt(4) == 0 ? 0 : Math.max(0, place(bytes.length, random));
        if (at + width <= bytes.length) {
            switch (width) {
                case 2 -> out.putShort(at, (short) value);
                case 4 -> out.putInt(at, (int) value);
                default -> out.putLong(at, value);
            }
        }
        return bytes;
    }

    /** Another number in the place of digits, as JSON has them. */
    private static byte[] withDigits(byte[] bytes, SplittableRandom random) {
        int from = Math.max(0, place(bytes.length, random));
        while (from < bytes.length && !Character.isDigit(bytes[from])) {
            from++;
        }
        int to = from;
        while (to < bytes.length && Character.isDigit(bytes[to])) {
            to++;
        }
        byte[] digits = Long.toString(EXTREMES[random.nextInt(EXTREMES.length)]).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate(bytes.length - (to - from) + digits.length);
        return out.put(bytes, 0, from)
                .put(digits)
                .put(bytes, to, bytes.length - to)
                .array();
    }

    /** A piece of syntax where none was. */
    private static byte[] withWord(byte[] bytes, SplittableRandom random) {
        String[] words = {
            "[", "{", "}", "\"", ",", "null", "-", "1e999", "\u00ff\u00fe", "(", "t", "}s", "R", "Q", "h\0", "PK\1\2"
        };
        byte[] word = words[random.nextInt(words.length)].getBytes(StandardCharsets.ISO_8859_1);
        int at = Math.max(0, place(bytes.length, random));
        ByteBuffer out = ByteBuffer.allocate(bytes.length + word.length);
        return out.put(bytes, 0, at).put(word).put(bytes, at, bytes.length - at).array();
    }

    /** True if it loads; false if it is refused as it should be. */
    private static boolean loads(Subject subject) throws IOException {
        long size = 0;
        for (Path path : List.of(subject.change(), subject.open())) {
            size += Files.isRegularFile(path) ? Files.size(path) : 0;
        }
        long before = Allocated.byThisThread();
        try (PretrainedWeights weights = PretrainedWeights.open(subject.open())) {
            requireSmall(size, before);
            VitConfig config = weights.backbone(weights.heads().isPresent() ? OptionalInt.empty() : OptionalInt.of(3));
            weights.dinoHead();
            Map<String, INDArray> parameters = weights.parameters(config);
            assertTrue(parameters.keySet().equals(config.parameters().keySet()));
        } catch (WeightsException e) {
            requireSmall(size, before);
            assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
            return false;
        }
        Path file = WeightFiles.find(subject.open(), NetworkRole.TEACHER);
        try (TensorFile tensors = TensorFile.open(file)) {
            Map<String, Long> bytes = new LinkedHashMap<>();
            tensors.tensors().values().forEach(t -> bytes.put(t.name(), t.bytes()));
            long most = 0;
            for (Path path : filesBeside(file)) {
                most = Math.max(most, Files.size(path));
            }
            for (Map.Entry<String, Long> e : bytes.entrySet()) {
                assertTrue(e.getValue() >= 0 && e.getValue() <= most, e.toString());
            }
        }
        return true;
    }

    private static List<Path> filesBeside(Path file) throws IOException {
        try (var all = Files.list(file.toAbsolutePath().getParent())) {
            return all.toList();
        }
    }

    private static void requireSmall(long size, long before) {
        long taken = Allocated.byThisThread() - before;
        assertTrue(taken < HEAP + HEAP_FOR_A_BYTE * size, "%d bytes of heap for a file of %d".formatted(taken, size));
    }
}
