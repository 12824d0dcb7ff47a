package io.dino4j.parity;

import static io.dino4j.parity.Closeness.FORWARD;
import static io.dino4j.parity.Closeness.GRADIENT;
import static io.dino4j.parity.Closeness.NEAR_GRADIENT;
import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.graph.op.KoLeo;
import io.dino4j.graph.op.PrototypeCrossEntropy;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The losses and their gradients: cls tokens, masked patches, KoLeo. */
@Tag("parity")
final class LossParityTest {
    static Stream<Arguments> dino() {
        return Target.with(Fixtures.ofKind("dino_loss"));
    }

    static Stream<Arguments> ibot() {
        return Target.with(Fixtures.ofKind("ibot_loss"));
    }

    static Stream<Arguments> koleo() {
        return Target.with(Fixtures.ofKind("koleo_loss"));
    }

    /** Student rows, target rows that each is compared with, and a weight for each. */
    private record Comparison(INDArray students, INDArray targets, int[] assignment, int pairs, double[] weights) {}

    private static void check(
            Target target, Comparison c, double temperature, INDArray loss, INDArray gradient, String what) {
        Graph graph = new Graph(target);
        SDVariable s = graph.input("students", c.students);
        SDVariable t = graph.input("teachers", c.targets);
        SDVariable a =
                graph.integers("assignment", Nd4j.createFromArray(c.assignment).reshape(c.students.size(0), c.pairs));
        SDVariable w = graph.input("weights", Nd4j.createFromArray(c.weights));
        new PrototypeCrossEntropy(graph.sd, s, t, a, w, temperature).outputVariables()[0].rename("loss");
        Map<String, INDArray> results = graph.runWithGradients(List.of(), List.of("students"));
        assertRelative(loss, results.get("loss"), FORWARD, what);
        if (gradient != null) {
            INDArray expected = gradient.reshape(c.students.shape());
            assertRelative(expected, results.get("d students"), GRADIENT, what + " gradient");
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("dino")
    void clsLossMatches(Fixture f, Target target) {
        INDArray students = f.npy("students"); // [crops, rows, K]
        INDArray teachers = f.npy("teachers");
        int crops = (int) students.size(0);
        int rows = (int) students.size(1);
        int views = (int) teachers.size(0);
        int[] assignment = new int[crops * rows * views];
        double[] weights = new double[crops * rows];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = 1.0 / rows;
            for (int v = 0; v < views; v++) {
                assignment[i * views + v] = v * rows + i % rows;
            }
        }
        Comparison c = new Comparison(flat(students), flat(teachers), assignment, views, weights);
        for (Case k : cases(f, "loss_(st\\d+)")) {
            check(target, c, k.studentTemp(), f.npy(k.file), f.npy("grad_" + k.groups[0]), k.file);
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("ibot")
    void maskedPatchLossMatches(Fixture f, Target target) {
        INDArray masks = f.npy("masks");
        int images = (int) masks.size(0);
        INDArray given = f.npy("masks_weight");
        int n = (int) given.length();
        double[] weights = new double[n];
        int[] assignment = new int[n];
        for (int i = 0; i < n; i++) {
            weights[i] = given.getDouble(i) / images;
            assignment[i] = i;
        }
        for (Case k : cases(f, "loss_(t\\d+)_(st\\d+)_(w|now)")) {
            INDArray targets = f.npy("sinkhorn_" + k.groups[0]);
            Comparison c = new Comparison(f.npy("student_out"), targets, assignment, 1, weights);
            INDArray gradient = f.npy("grad_" + k.groups[0] + "_" + k.groups[1]);
            check(target, c, k.studentTemp(), f.npy(k.file), gradient, k.file);
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("ibot")
    void densePatchLossMatches(Fixture f, Target target) {
        INDArray masks = f.npy("masks"); // [images, patches]
        INDArray student = f.npy("full_student");
        int images = (int) masks.size(0);
        int patches = (int) masks.size(1);
        double[] weights = new double[images * patches];
        int[] assignment = new int[weights.length];
        for (int i = 0; i < images; i++) {
            double count = Math.max(
                    1, masks.getRow(i).castTo(student.dataType()).sumNumber().doubleValue());
            for (int p = 0; p < patches; p++) {
                int row = i * patches + p;
                weights[row] = masks.getDouble(i, p) / count / images;
                assignment[row] = row;
            }
        }
        Comparison c = new Comparison(flat(student), flat(f.npy("full_teacher")), assignment, 1, weights);
        check(target, c, temperatureOf(f, "full_loss.npy"), f.npy("full_loss"), f.npy("full_grad"), "dense form");
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("koleo")
    void koleoMatches(Fixture f, Target target) {
        List<Case> cases = cases(f, "(\\w+)_loss");
        assertTrue(!cases.isEmpty(), "no case in " + f);
        for (Case k : cases) {
            String name = k.groups[0];
            Graph graph = new Graph(target);
            SDVariable[] out = new KoLeo(graph.sd, graph.input("x", f.npy(name + "_x")), 1, 1e-8).outputVariables();
            out[0].rename("loss");
            out[1].rename("neighbours");
            Map<String, INDArray> results = graph.runWithGradients(List.of("neighbours"), List.of("x"));
            int[] neighbours = results.get("neighbours").toIntVector();
            assertArrayEquals(f.npy(name + "_nn").toIntVector(), neighbours, name + " neighbours");
            assertRelative(f.npy(k.file), results.get("loss"), FORWARD, name + " loss");
            double limit = name.equals("near") ? NEAR_GRADIENT : GRADIENT;
            assertRelative(f.npy(name + "_grad"), results.get("d x"), limit, name + " gradient");
        }
    }

    /** A recorded loss whose file name matches a pattern. */
    private record Case(Fixture f, String file, String[] groups) {
        double studentTemp() {
            return temperatureOf(f, file + ".npy");
        }
    }

    private static List<Case> cases(Fixture f, String pattern) {
        Pattern p = Pattern.compile(pattern + "\\.npy");
        return Stream.iterate(0, i -> i + 1)
                .limit(f.manifest().get("arrays").size())
                .map(i ->
                        p.matcher(f.manifest().get("arrays").get(i).get("file").asText()))
                .filter(Matcher::matches)
                .map(m -> new Case(f, m.group().replaceFirst("\\.npy$", ""), groups(m)))
                .toList();
    }

    private static String[] groups(Matcher m) {
        String[] groups = new String[m.groupCount()];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = m.group(i + 1);
        }
        return groups;
    }

    /** The student temperature that the manifest's description of a file names. */
    private static double temperatureOf(Fixture f, String file) {
        for (JsonNode array : f.manifest().get("arrays")) {
            if (array.get("file").asText().equals(file)) {
                Matcher m = Pattern.compile("student temperature ([0-9.]+)")
                        .matcher(array.get("meaning").asText());
                assertTrue(m.find(), file + " has no student temperature");
                return Double.parseDouble(m.group(1).replaceFirst("\\.$", ""));
            }
        }
        throw new IllegalStateException("no " + file + " in " + f);
    }

    private static INDArray flat(INDArray a) {
        return a.reshape(a.size(0) * a.size(1), a.size(2));
    }
}
