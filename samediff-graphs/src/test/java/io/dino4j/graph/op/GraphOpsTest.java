package io.dino4j.graph.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Near;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.exec.Sessions;
import io.dino4j.graph.exec.TinyVit;
import io.dino4j.graph.head.HeadConfig;
import io.dino4j.graph.ssl.Network;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import io.dino4j.graph.vit.Ffn;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Registration of the ops, and that graphs of them survive a file. */
final class GraphOpsTest {
    @TempDir
    private Path dir;

    @BeforeEach
    void install() {
        Sessions.install(Providers.PORTABLE.list());
    }

    @Test
    void everyOpIsRegistered() {
        Set<String> names = new HashSet<>();
        Set<Long> hashes = new HashSet<>();
        for (GraphOp op : GraphOps.all()) {
            assertSame(
                    op.getClass(),
                    ImportClassMapping.getOpNameMapping().get(op.opName()).getClass());
            assertTrue(names.add(op.opName()), op.opName() + " occurs twice");
            assertTrue(hashes.add(op.opHash()), op.opName() + " has the number of another");
        }
        assertTrue(names.contains("dino_linear") && names.contains("dino_linear_grad"), names.toString());
    }

    @Test
    void noOpIsForgotten() throws IOException, URISyntaxException {
        Path classes = Path.of(GraphOp.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("io/dino4j/graph/op");
        Set<String> known =
                GraphOps.all().stream().map(o -> o.getClass().getName()).collect(Collectors.toSet());
        Set<String> missing = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.toList()) {
                String name =
                        "io.dino4j.graph.op." + file.getFileName().toString().replaceFirst("\\.class$", "");
                if (isOp(name) && !known.contains(name)) {
                    missing.add(name);
                }
            }
        }
        assertEquals(Set.of(), missing);
    }

    private static boolean isOp(String name) {
        try {
            Class<?> c = Class.forName(name);
            return GraphOp.class.isAssignableFrom(c) && c != GraphOp.class;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource({"MLP, 0, F32", "SWIGLU, 2, F32", "MLP, 1, BF16"})
    void savedBackboneGivesTheSameOutputsAndGradients(Ffn ffn, int registers, Precision precision) {
        TinyVit vit = new TinyVit(TinyVit.config(ffn, registers), precision);
        SameDiff sd = vit.graph();
        SameDiff loaded = saveAndLoad(sd);
        Map<String, INDArray> in = TinyVit.images(DataType.FLOAT, 3);

        Map<String, INDArray> expected = sd.output(in, TinyVit.NORM, TinyVit.LOSS);
        Map<String, INDArray> actual = loaded.output(in, TinyVit.NORM, TinyVit.LOSS);
        expected.forEach((n, e) -> Near.assertSame(e, actual.get(n), n));

        List<String> wanted = Stream.concat(vit.parameters().stream(), Stream.of(TinyVit.IMAGES))
                .filter(n -> !n.equals("mask_token"))
                .toList();
        Gradients.graph(sd, wanted);
        assertEquals(List.of(TinyVit.LOSS), loaded.getLossVariables());
        Gradients.graph(loaded, wanted);
        Map<String, INDArray> gradients = sd.calculateGradients(in, wanted);
        Map<String, INDArray> loadedGradients = loaded.calculateGradients(in, wanted);
        for (String n : wanted) {
            Near.assertSame(gradients.get(n), loadedGradients.get(n), n);
            assertTrue(gradients.get(n).amaxNumber().doubleValue() > 0, n + " has no gradient");
        }
    }

    @ParameterizedTest
    @EnumSource(SslConfig.Targets.class)
    void attributesOfAllOpsSurvive(SslConfig.Targets targets) {
        HeadConfig head = new HeadConfig(16, 24, 20, 8, 3);
        SslConfig c = new SslConfig(
                new Network(TinyVit.config(Ffn.SWIGLU, 1), head, Optional.of(head)),
                Optional.empty(),
                2,
                1,
                TinyVit.SIZE,
                8,
                2,
                5,
                targets,
                0.1,
                1,
                0.1,
                1,
                0.3,
                true);
        SameDiff student = StudentGraph.of(c, Precision.F32).graph();
        Set<Class<?>> seen = new HashSet<>(assertSameOps(student));
        seen.addAll(assertSameOps(TeacherGraph.of(c, Precision.F32).graph()));
        assertSameOps(StudentGraph.of(c, Precision.BF16).graph());
        List<String> wanted = c.student().layout().names();
        seen.addAll(assertSameOps(Gradients.graph(student, wanted)));
        for (GraphOp op : GraphOps.all()) {
            boolean other = op instanceof CenteredSoftmax || op instanceof Sinkhorn;
            boolean onTargets = op instanceof Sinkhorn.Grad; // targets have no gradient here
            boolean images = op instanceof Patchify.Grad; // nor have images
            assertTrue(other || onTargets || images || seen.contains(op.getClass()), op.opName() + " was not tried");
        }
        assertTrue(seen.contains(targets == SslConfig.Targets.CENTERING ? CenteredSoftmax.class : Sinkhorn.class));

        SameDiff loaded = saveAndLoad(student);
        Gradients.graph(loaded, wanted);
        wanted.forEach(n -> assertEquals(Gradients.nameOf(student, n), Gradients.nameOf(loaded, n)));
        assertSameOps(student.getFunction("grad"), loaded.getFunction("grad"));
    }

    private Set<Class<?>> assertSameOps(SameDiff sd) {
        return assertSameOps(sd, saveAndLoad(sd));
    }

    private static Set<Class<?>> assertSameOps(SameDiff sd, SameDiff loaded) {
        Set<Class<?>> seen = new HashSet<>();
        assertFalse(sd.getOps().isEmpty());
        assertEquals(sd.getOps().keySet(), loaded.getOps().keySet());
        for (SameDiffOp op : sd.getOps().values()) {
            SameDiffOp other = loaded.getOps().get(op.getName());
            assertEquals(op.getInputsToOp(), other.getInputsToOp(), op.getName());
            assertEquals(op.getOutputsOfOp(), other.getOutputsOfOp(), op.getName());
            if (op.getOp() instanceof GraphOp expected) {
                GraphOp actual = assertInstanceOf(expected.getClass(), other.getOp());
                assertArrayEquals(expected.iArgs(), actual.iArgs(), op.getName());
                assertArrayEquals(expected.tArgs(), actual.tArgs(), op.getName());
                assertEquals(expected.getNumOutputs(), actual.getNumOutputs());
                seen.add(expected.getClass());
            }
        }
        return seen;
    }

    private SameDiff saveAndLoad(SameDiff sd) {
        File file = dir.resolve("graph.fb").toFile();
        // a graph made to be bound has shapes only, which SameDiff cannot save
        SingleThreadArrayHolder arrays = new SingleThreadArrayHolder();
        for (SDVariable v : sd.variables()) {
            if (v.getVariableType() == VariableType.VARIABLE) {
                arrays.setArray(v.name(), v.getArr().dup('c'));
            }
        }
        sd.setArrayHolders(arrays, sd.getConstantArrays(), false);
        sd.save(file, true);
        return SameDiff.load(file, true);
    }
}
