package io.dino4j.zoo.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

final class TorchCheckpointTest {
    private static final long[] NONE = {};

    @TempDir
    Path dir;

    private Path file() {
        return dir.resolve("t.pth");
    }

    private static byte[] floats(int count) {
        ByteBuffer bytes = TorchFile.little(4 * count);
        for (int i = 0; i < count; i++) {
            bytes.putFloat(i);
        }
        return bytes.array();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void viewsOfOneStorageAreGathered(boolean zip64) throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(24)).raw("\u0080\u0002}(");
        t.text("plain").tensor("FloatStorage", "0", 24, 0, new long[] {2, 3, 4}, new long[] {12, 4, 1});
        t.text("permuted").tensor("FloatStorage", "0", 24, 0, new long[] {4, 2, 3}, new long[] {1, 12, 4});
        t.text("rows").tensor("FloatStorage", "0", 24, 1, new long[] {3, 2}, new long[] {8, 1});
        t.text("repeated").tensor("FloatStorage", "0", 24, 5, new long[] {2, 3}, new long[] {0, 1});
        t.text("scalar").tensor("FloatStorage", "0", 24, 23, NONE, NONE);
        t.text("ones").tensor("FloatStorage", "0", 24, 2, new long[] {1, 2, 1}, new long[] {Long.MAX_VALUE, 1, 77});
        t.text("empty").tensor("FloatStorage", "0", 24, 99, new long[] {3, 0, 1L << 40}, new long[] {1L << 62, 5, 1});
        t.raw("u.");
        try (TorchCheckpoint file = TorchCheckpoint.open((zip64 ? t.zip64() : t).write(file()))) {
            assertEquals(
                    List.of("plain", "permuted", "rows", "repeated", "scalar", "ones", "empty"),
                    List.copyOf(file.tensors().keySet()));
            assertArrayEquals(
                    new double[] {1, 2, 9, 10, 17, 18},
                    file.read("rows").ravel().toDoubleVector());
            assertArrayEquals(
                    new double[] {5, 6, 7, 5, 6, 7},
                    file.read("repeated").ravel().toDoubleVector());
            assertEquals(23, file.read("scalar").getDouble());
            assertArrayEquals(NONE, file.read("scalar").shape());
            assertArrayEquals(new long[] {1, 2, 1}, file.read("ones").shape());
            assertEquals(3, file.read("ones").getDouble(0, 1, 0));
            INDArray plain = file.read("plain");
            assertEquals(plain.permute(2, 0, 1).dup('c'), file.read("permuted"));
            assertEquals(0, file.tensors().get("empty").bytes());
            assertArrayEquals(new long[] {3, 0, 1L << 40}, file.read("empty").shape());
        }
    }

    @Test
    void everyHalfAndBrainFloatIsWidenedExactly() throws IOException {
        ByteBuffer all = TorchFile.little(1 << 17);
        for (int i = 0; i < 1 << 16; i++) {
            all.putShort((short) i);
        }
        TorchFile t = new TorchFile().storage("0", all.array()).raw("}(");
        t.text("half").tensor("HalfStorage", "0", 1 << 16, 0, new long[] {1 << 16}, new long[] {1});
        t.text("brain").tensor("BFloat16Storage", "0", 1 << 16, 0, new long[] {1 << 16}, new long[] {1});
        try (TorchCheckpoint file = TorchCheckpoint.open(t.raw("u.").write(file()))) {
            assertEquals(DataType.FLOAT16, file.tensors().get("half").type());
            float[] half = file.read("half").toFloatVector();
            float[] brain = file.read("brain").toFloatVector();
            for (int i = 0; i < 1 << 16; i++) {
                double exponent = i >> 10 & 31;
                double size = exponent == 0 ? (i & 1023) * 0x1p-24 : Math.scalb(1024 + (i & 1023), (int) exponent - 25);
                if (exponent == 31) {
                    size = (i & 1023) == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
                }
                assertEquals((float) (i >= 1 << 15 ? -size : size), half[i], "half " + i);
                assertEquals(Float.intBitsToFloat(i << 16), brain[i], "brain " + i);
            }
        }
    }

    @Test
    void otherTypesKeepTheirs() throws IOException {
        byte[] bytes = {1, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};
        TorchFile t = new TorchFile().storage("0", bytes).raw("}(");
        t.text("f64").tensor("DoubleStorage", "0", 2, 0, new long[] {2}, new long[] {1});
        t.text("i64").tensor("LongStorage", "0", 2, 0, new long[] {2}, new long[] {1});
        t.text("i32").tensor("IntStorage", "0", 4, 0, new long[] {2, 2}, new long[] {1, 2});
        t.text("u8").tensor("ByteStorage", "0", 16, 7, new long[] {3}, new long[] {1});
        t.text("bool").tensor("BoolStorage", "0", 16, 7, new long[] {3}, new long[] {1});
        try (TorchCheckpoint file = TorchCheckpoint.open(t.raw("u.").write(file()))) {
            List<DataType> types =
                    List.of(DataType.DOUBLE, DataType.INT64, DataType.INT32, DataType.UINT8, DataType.BOOL);
            assertEquals(
                    types,
                    file.tensors().values().stream().map(TensorInfo::type).toList());
            assertEquals(
                    types,
                    file.tensors().keySet().stream()
                            .map(n -> file.read(n).dataType())
                            .toList());
            assertEquals(Double.MIN_VALUE, file.read("f64").toDoubleVector()[0]);
            assertArrayEquals(new long[] {1, -1}, file.read("i64").toLongVector());
            assertArrayEquals(new int[] {1, -1, 0, -1}, file.read("i32").ravel().toIntVector());
            assertArrayEquals(
                    new double[] {0, 255, 255},
                    file.read("u8").castTo(DataType.DOUBLE).toDoubleVector());
            assertArrayEquals(
                    new double[] {0, 1, 1},
                    file.read("bool").castTo(DataType.DOUBLE).toDoubleVector());
        }
    }

    @Test
    void nestingIsFlattenedAndOtherValuesAreIgnored() throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(2)).raw("\u0080\u0004\u0095" + "\0".repeat(8) + "}\u0094(");
        t.text("epoch")
                .raw("K\7")
                .text("lr")
                .raw("G" + "\0".repeat(8))
                .text("args")
                .raw("](NK\1e")
                .text("one")
                .raw("]Na");
        t.text("seed")
                .raw("\u008a\u0009" + "\u00ff".repeat(8) + "\0")
                .text("flag")
                .raw("\u0088");
        t.raw("\u008c\u0003opt").raw("ccollections\nOrderedDict\n)R\u0094(");
        t.number(3).tensor("FloatStorage", "0", 2, 1, new long[] {1}, new long[] {1});
        t.text("p").raw("\u008c\u000ctorch._utils\u008c\u0012_rebuild_parameter\u0093");
        t.tensor("FloatStorage", "0", 2, 0, NONE, NONE).raw("\u0088)\u0087Ru");
        t.raw("}").text("_metadata").raw("}sb").text("again").raw("h\1u.");
        try (TorchCheckpoint file = TorchCheckpoint.open(t.write(file()))) {
            assertEquals(
                    List.of("opt.3", "opt.p", "again.3", "again.p"),
                    List.copyOf(file.tensors().keySet()));
            assertEquals(1, file.read("again.3").getDouble(0));
            String got =
                    assertThrows(WeightsException.class, () -> file.read("opt")).getMessage();
            assertEquals(file() + ": no tensor is named 'opt'", got);
        }
    }

    @Test
    void aClosedFileIsNotRead() throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(1)).raw("}").text("w");
        TorchCheckpoint file = TorchCheckpoint.open(
                t.tensor("FloatStorage", "0", 1, 0, NONE, NONE).raw("s.").write(file()));
        file.close();
        String got = assertThrows(WeightsException.class, () -> file.read("w")).getMessage();
        assertTrue(got.startsWith(file() + ": tensor 'w' cannot be read"), got);
    }

    @Test
    void filesBeyondFourGibibytesAreRead() throws IOException {
        long before = (5L << 30) + 4; // of zeros, so that tensors lie behind 4 GiB and one spans three mappings
        long all = before / 4 + 6;
        TorchFile t = new TorchFile().storage("0", floats(6), before).zip64().raw("}(");
        t.text("far").tensor("FloatStorage", "0", all, all - 5, new long[] {5}, new long[] {1});
        t.text("wide").tensor("FloatStorage", "0", all, 3, new long[] {3, 2}, new long[] {(all - 5) / 2, 1});
        try (TorchCheckpoint file = TorchCheckpoint.open(t.raw("u.").write(file()))) {
            assertArrayEquals(new double[] {1, 2, 3, 4, 5}, file.read("far").toDoubleVector());
            assertArrayEquals(
                    new double[] {0, 0, 0, 0, all % 2 == 1 ? 4 : 3, all % 2 == 1 ? 5 : 4},
                    file.read("wide").ravel().toDoubleVector());
        } finally {
            Files.delete(file());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "cos~system~(Xzt. | global 'os.system' is refused",
                "cposix~system~. | global 'posix.system' is refused",
                "cbuiltins~eval~. | global 'builtins.eval' is refused",
                "ctorch.storage~_load_from_bytes~. | global 'torch.storage._load_from_bytes' is refused",
                "ctorch._utils~FloatStorage~. | global 'torch._utils.FloatStorage' is refused",
                "}i. | byte 1 of data.pkl: opcode INST (0x69) is refused",
                "}\u0081. | byte 1 of data.pkl: opcode NEWOBJ (0x81) is refused",
                "}2. | opcode DUP (0x32) is refused",
                "}\u0001. | opcode unknown (0x01) is refused",
                "\u0080\u0009. | byte 0 of data.pkl: this pickle protocol is not known",
                ". | byte 0 of data.pkl: 1 values are wanted, but the stack holds 0",
                "} | byte 1 of data.pkl: 1 bytes are wanted, but the pickle ends after 0",
                "\u0085. | 1 values are wanted, but the stack holds 0",
                "NN\u0087. | 3 values are wanted, but the stack holds 2",
                "N(\u0085. | 1 values are wanted, but the stack holds 0",
                "Nt. | a mark is wanted, but none was set",
                "q\u0001. | 1 values are wanted, but the stack holds 0",
                "h\u0001. | value 1 is fetched, but was never kept",
                "jÿÿÿÿ. | value 4294967295 is fetched",
                "X\u0001. | 4 bytes are wanted, but the pickle ends after 2",
                "Xÿÿÿÿ. | 4294967295 bytes are wanted, but the pickle ends after 1",
                "\u0095ÿÿÿÿÿÿÿÿ. | 18446744073709551615 bytes are wanted",
                "\u008aÿ. | 255 bytes are wanted",
                "cos | bytes are wanted, but the pickle ends",
                "}NNs. | a dictionary key is neither text nor a number",
                "}(Nu. | a dictionary key without a value",
                "NK\u0001Ns. | an item is set on what is no dictionary",
                "}Na. | values are appended to what is no list",
                "NQ. | a persistent id that names no storage",
                "N)R. | a call of what is no function",
                "ctorch~FloatStorage~)R. | a call of torch.FloatStorage",
                "ccollections~OrderedDict~N\u0085R. | an OrderedDict made of arguments",
                "ctorch._utils~_rebuild_tensor_v2~)R. | a tensor of 0 arguments",
                "ctorch._utils~_rebuild_tensor_v2~(NNNNNNtR. | a tensor without storage and offset",
                "ctorch._utils~_rebuild_parameter~NNN\u0087R. | a Parameter that is no tensor",
                "NNb. | a state is set on what is no dictionary",
                "N. | holds no dictionary of tensors",
            })
    void badPicklesAreRefusedByName(String pickle, String message) throws IOException {
        expectFault(new TorchFile().raw(pickle.replace('~', '\n')).write(file()), message);
    }

    @ParameterizedTest
    @CsvSource({
        "4, 0, 5, 1, 'storage of 4'",
        "4, 0, 2, 4, 'storage of 4'",
        "4, 1, 4, 1, 'storage of 4'",
        "4, 4, 1, 1, 'storage of 4'",
        "4, -1, 1, 1, 'is negative'",
        "4, 0, -1, 1, 'is negative'",
        "4, 0, 2, -1, 'is negative'",
        "4, 9223372036854775807, 1, 1, 'are too large'",
        "4, 0, 4, 9223372036854775807, 'are too large'",
        "4, 0, 9223372036854775807, 1, 'are too large'",
        "4, 0, 1000000000000, 0, 'needs 4000000000000 bytes, more than the whole file of'",
        "5, 0, 1, 1, \"storage '0' announces 5 elements of FLOAT, but its member has 16 bytes\"",
        "-1, 0, 1, 1, 'announces -1 elements'",
        "9223372036854775807, 0, 1, 1, 'announces 9223372036854775807 elements'",
    })
    void tensorsThatLeaveTheirStorageAreRefused(long numel, long offset, long size, long stride, String message)
            throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(4)).raw("}").text("w");
        t.tensor("FloatStorage", "0", numel, offset, new long[] {size}, new long[] {stride})
                .raw("s.");
        expectFault(t.write(file()), message.replace("\"", ""));
    }

    @Test
    void shapesMustFitTheirStridesAndTheRank() throws IOException {
        long[] many = new long[33];
        Arrays.fill(many, 1);
        long[] one = {1};
        expectFault(shaped(new long[] {2}, new long[] {1, 1}), "tensor 'w': 1 sizes and 2 strides");
        expectFault(shaped(many, many), "a tensor of more than 32 dimensions");
        expectFault(shaped(one, many), "a tensor of more than 32 dimensions");
    }

    private Path shaped(long[] shape, long[] stride) throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(4)).raw("}").text("w");
        return t.tensor("FloatStorage", "0", 4, 0, shape, stride).raw("s.").write(file());
    }

    /** One long tuple, kept and named again as the shape of many tensors: each would copy it. */
    @Test
    void aShapeThatIsKeptAndUsedAgainCostsNothing() throws IOException {
        TorchFile t = new TorchFile()
                .storage("0", floats(1))
                .raw("(")
                .raw("K\1".repeat(1_000_000))
                .raw("tq\0}(");
        for (int i = 0; i < 5000; i++) {
            t.text("t" + i)
                    .raw("ctorch._utils\n_rebuild_tensor_v2\n((")
                    .text("storage")
                    .raw("ctorch\nFloatStorage\n");
            t.text("0").text("cpu").raw("K\1tQK\0h\0h\0\u0089NtR");
        }
        Path file = t.raw("u.").write(file());
        long before = Allocated.byThisThread();
        expectFault(file, "a tensor of more than 32 dimensions");
        long taken = Allocated.byThisThread() - before;
        assertTrue(taken < 100_000_000, "%d bytes were taken".formatted(taken));
    }

    @Test
    void aKeyThatOccursTwiceIsRefused() throws IOException {
        TorchFile t = new TorchFile()
                .storage("0", floats(1))
                .raw("}(")
                .text("w")
                .raw("N")
                .text("w");
        expectFault(
                t.tensor("FloatStorage", "0", 1, 0, NONE, NONE).raw("u.").write(file()),
                "a dictionary has a key twice");
    }

    @Test
    void membersThatShareBytesAreRefused() throws IOException {
        TorchFile t =
                new TorchFile().storage("0", floats(4)).storage("1", floats(4)).raw("}.");
        byte[] bytes = Files.readAllBytes(t.write(file()));
        int entry = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("any name/data/1") - 46;
        bytes[entry + 42] -= 16; // the second member begins inside the first
        expectFault(Files.write(file(), bytes), "members 'any name/data/0' and 'any name/data/1' overlap");
    }

    @Test
    void deepCyclicAndExplodingNestingEnds() throws IOException {
        TorchFile deep = new TorchFile().raw("}");
        for (int i = 0; i < 100_000; i++) {
            deep.text("a").raw("}");
        }
        expectFault(deep.raw("s".repeat(100_000) + ".").write(file()), "dictionaries nest deeper than 64");
        expectFault(
                new TorchFile().raw("}q\1").text("a").raw("h\1s.").write(file()), "dictionaries nest deeper than 64");
        TorchFile wide = new TorchFile().raw("}q\1");
        for (int i = 2; i < 60; i++) { // 2^58 ways down
            wide.raw("}(").text("a").raw("h" + (char) (i - 1)).text("b").raw("h" + (char) (i - 1) + "uq" + (char) i);
        }
        expectFault(wide.raw(".").write(file()), "more than 250000 values");
        expectFault(new TorchFile().raw("}".repeat(4_000_001)).write(file()), "more than 4000000 opcodes");
        expectFault(
                new TorchFile().raw("N" + "\u0085".repeat(1_000_000) + ".").write(file()),
                "holds no dictionary of tensors");
        expectFault(
                new TorchFile()
                        .raw("}")
                        .text("n".repeat(900))
                        .raw("}")
                        .text("n".repeat(900))
                        .raw("}ss.")
                        .write(file()),
                "has 1801 characters, more than 1000");
    }

    @Test
    void namesThatCollideAreRefused() throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(1)).raw("}(");
        t.text("a.b")
                .tensor("FloatStorage", "0", 1, 0, NONE, NONE)
                .text("a")
                .raw("}")
                .text("b");
        expectFault(
                t.tensor("FloatStorage", "0", 1, 0, NONE, NONE).raw("su.").write(file()),
                "'a.b': the name occurs twice");
    }

    @Test
    void archivesThatAreNoCheckpointsAreRefused() throws IOException {
        TorchFile missing = new TorchFile().raw("}").text("w").tensor("FloatStorage", "../0", 1, 0, NONE, NONE);
        expectFault(missing.raw("s.").write(file()), "the archive has no member 'any name/data/../0'");
        expectFault(new TorchFile().raw("}.").compressed().write(file()), "is compressed or encrypted");
        expectFault(new TorchFile().writeOnlyMembers(file()), "0 folders of the archive hold a data.pkl");
        expectFault(
                new TorchFile().raw("}.").member("b/data.pkl", new byte[1], 0).write(file()), "2 folders");
        byte[] big = "big".getBytes(StandardCharsets.US_ASCII);
        expectFault(
                new TorchFile().raw("}.").member("any name/byteorder", big, 0).write(file()),
                "byte order 'big' is not 'little'");
        expectFault(
                new TorchFile()
                        .member("a/data.pkl", new byte[1], 1 << 25)
                        .zip64()
                        .writeOnlyMembers(file()),
                "member 'a/data.pkl' has 33554433 bytes, more than the 16777216 allowed");
        expectFault(Files.write(file(), new byte[] {(byte) 0x80, 2, (byte) 0x8a}), "torch.save(torch.load('t.pth'");
        expectFault(Files.write(file(), new byte[0]), "no zip directory at its end");
        expectFault(dir.resolve("none.pth"), "no such file");
        expectFault(Files.createDirectory(dir.resolve("folder")), "cannot be read");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyTruncationAndFlippedByteIsAFaultOrHarmless(boolean zip64) throws IOException {
        TorchFile t = new TorchFile().storage("0", floats(4)).raw("}").text("w");
        t.tensor("FloatStorage", "0", 4, 0, new long[] {2, 2}, new long[] {1, 2})
                .raw("s.");
        byte[] good = Files.readAllBytes((zip64 ? t.zip64() : t).write(file()));
        for (int length = 0; length < good.length; length++) {
            Path cut = Files.write(file(), Arrays.copyOf(good, length));
            String got = assertThrows(WeightsException.class, () -> TorchCheckpoint.open(cut))
                    .getMessage();
            assertTrue(got.startsWith(cut + ": "), got);
        }
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) new int[] {0x01, 0x80, 0xff}[i % 3];
            try (TorchCheckpoint file = TorchCheckpoint.open(Files.write(file(), bad))) {
                file.tensors().keySet().forEach(file::read);
            } catch (WeightsException e) {
                assertTrue(e.getMessage().startsWith(file() + ": "), e.getMessage());
            }
        }
    }

    private static void expectFault(Path file, String message) throws IOException {
        String got = assertThrows(WeightsException.class, () -> TorchCheckpoint.open(file))
                .getMessage();
        assertTrue(got.startsWith(file + ": ") && got.contains(message), got);
        if (Files.isRegularFile(file)) {
            Files.delete(file);
        }
    }
}
