package io.dino4j.parity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.dino4j.train.eval.KnnClassifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Neighbours, votes and accuracies against upstream's classifier. */
@Tag("parity")
final class KnnParityTest {
    private static final double REL_L2 = 1e-5;
    private static final Pattern SCORES = Pattern.compile("k([\\d_]+)_probas(\\d+)\\.npy");

    static List<Fixture> fixtures() {
        return Fixtures.ofKind("knn");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void neighboursMatch(Fixture fixture) {
        INDArray similarities = fixture.npy("neighbour_sims");
        INDArray labels = fixture.npy("neighbour_labels");
        int[] trainLabels = fixture.npy("train_labels").toIntVector();
        KnnClassifier.Neighbours near =
                classifier(fixture, "train").neighbours(fixture.npy("test"), (int) similarities.size(1));
        close(similarities.toFloatMatrix(), near.similarities(), "neighbour_sims");
        for (int t = 0; t < near.indices().length; t++) {
            int[] ours =
                    Arrays.stream(near.indices()[t]).map(i -> trainLabels[i]).toArray();
            assertArrayEquals(labels.getRow(t).toIntVector(), ours, "labels of the neighbours of test " + t);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void scoresAndAccuraciesMatch(Fixture fixture) {
        int[] testLabels = fixture.npy("test_labels").toIntVector();
        Map<String, int[]> runs = new TreeMap<>();
        for (JsonNode array : fixture.manifest().get("arrays")) {
            Matcher m = SCORES.matcher(array.get("file").asText());
            if (m.matches()) {
                runs.put(
                        m.group(1),
                        Arrays.stream(m.group(1).split("_"))
                                .mapToInt(Integer::parseInt)
                                .toArray());
            }
        }
        assertFalse(runs.isEmpty(), "no k*_probas*.npy");
        runs.forEach((name, ks) -> {
            for (String suffix : List.of("", "_raw")) { // the classifier scales to unit length itself
                Map<Integer, KnnClassifier.Scores> scores =
                        classifier(fixture, "train" + suffix).classify(fixture.npy("test" + suffix), ks);
                for (int k : ks) {
                    String array = "k%s_probas%d".formatted(name, k);
                    close(fixture.npy(array).toFloatMatrix(), scores.get(k).probabilities(), array);
                    assertArrayEquals(
                            fixture.npy("k%s_top1_%d".formatted(name, k)).toIntVector(),
                            scores.get(k).top1());
                    JsonNode accuracy = fixture.manifest().at("/top1_accuracy/k%s_%d".formatted(name, k));
                    if (!accuracy.isMissingNode()) {
                        assertEquals(accuracy.doubleValue(), scores.get(k).accuracy(testLabels), 1e-9);
                    }
                }
            }
        });
    }

    private static KnnClassifier classifier(Fixture fixture, String features) {
        return new KnnClassifier(
                fixture.npy(features),
                fixture.npy("train_labels").toIntVector(),
                fixture.config().get("num_classes").intValue(),
                fixture.config().get("T").doubleValue());
    }

    private static void close(float[][] want, float[][] got, String what) {
        double difference = 0;
        double norm = 0;
        assertEquals(want.length, got.length, what);
        for (int i = 0; i < want.length; i++) {
            assertEquals(want[i].length, got[i].length, what);
            for (int j = 0; j < want[i].length; j++) {
                difference += Math.pow(want[i][j] - got[i][j], 2);
                norm += Math.pow(want[i][j], 2);
            }
        }
        double error = Math.sqrt(difference / norm);
        assertTrue(error <= REL_L2, "%s: rel-L2 %.2e".formatted(what, error));
    }
}
