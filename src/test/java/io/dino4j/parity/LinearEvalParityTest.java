package io.dino4j.parity;

import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.train.eval.classify.FeatureInput;
import io.dino4j.train.eval.classify.LogisticRegression;
import io.dino4j.train.eval.classify.LogisticRegression.Options;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Inputs of linear heads against upstream's, and logistic regression against the optimum found in 64 bits. */
@Tag("parity")
final class LinearEvalParityTest {
    /** Equal formulas in another order of additions. */
    private static final double INPUT = 1e-6;

    /** Both are the minimum of one strictly convex function. */
    private static final double OPTIMUM = 1e-6;

    static List<Fixture> fixtures() {
        return Fixtures.ofKind("linear_eval");
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void inputsAreTheOfficialOnes(Fixture f) {
        INDArray mean = f.npy("patch3").mean(1);
        INDArray all = Nd4j.concat(1, f.npy("cls0"), f.npy("cls1"), f.npy("cls2"), f.npy("cls3"), mean);
        List<FeatureInput> inputs = FeatureInput.ofTokens(4, (int) all.size(1));
        String[] names = {"n1_avg0", "n1_avg1", "n4_avg0", "n4_avg1"};
        assertEquals(names.length, inputs.size());
        for (int i = 0; i < names.length; i++) {
            FeatureInput input = inputs.get(i);
            INDArray columns = all.get(NDArrayIndex.all(), NDArrayIndex.interval(input.from(), input.to()));
            assertRelative(f.npy("input_" + names[i]), columns, INPUT, names[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void logisticRegressionFindsTheOptimum(Fixture f) {
        Fixture knn = Fixtures.ofKind("knn").get(0);
        INDArray train = knn.npy("train_raw");
        int[] labels = knn.npy("train_labels").toIntVector();
        for (String c : new String[] {"0.01", "1.0"}) {
            LogisticRegression fit =
                    LogisticRegression.fit(train, labels, 10, new Options(Double.parseDouble(c), true, 1000, 1e-9));
            INDArray expected = f.npy("logreg_C%s_W".formatted(c));
            INDArray w =
                    Nd4j.createFromArray(Arrays.copyOf(fit.weights(), (int) expected.length())); // without the bias
            assertRelative(expected, w.reshape(expected.shape()), OPTIMUM, "W, C = " + c);
            assertRelative(
                    f.npy("logreg_C%s_test_probas".formatted(c)),
                    Nd4j.createFromArray(fit.probabilities(knn.npy("test_raw"))),
                    OPTIMUM,
                    "probabilities, C = " + c);
        }
    }
}
