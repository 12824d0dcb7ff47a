package io.dino4j.parity;

import static io.dino4j.parity.Closeness.assertRelative;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.train.eval.classify.FeatureInput;
import io.dino4j.train.eval.classify.LogisticRegression;
import io.dino4j.train.eval.classify.LogisticRegression.Options;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Inputs of linear heads against upstream's, and logistic regression against an optimum found in another way. */
@Tag("parity")
final class LinearEvalParityTest {
    /** Equal formulas in another order of additions. */
    private static final double INPUT = 1e-6;

    /** Both are the minimum of one strictly convex function. */
    private static final double OPTIMUM = 1e-6;

    static List<Fixture> fixtures() {
        return Fixtures.ofKind("linear_eval");
    }

    static List<Fixture> features() {
        return Fixtures.ofKind("knn");
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

    /**
     * The optimum on {@code knn/train_raw}, found by Newton's method in numpy in 64 bits (largest gradient 3e-14). The recorded {@code logreg_*}
     * arrays of this fixture cannot serve: they belong to other features than those recorded, as {@code softmax(test_raw W)} of the recorded W
     * is up to 0.14 off the recorded probabilities, before anything is fitted.
     */
    @ParameterizedTest
    @MethodSource("features")
    void logisticRegressionFindsTheOptimum(Fixture knn) {
        double[][] expected = {
            {0.01, 1.7211167902935218, 0.0731116512796435, 0.14974081132484296, 0.029874772324178425},
            {1.0, 7.352854474247059, 0.2885683108431372, 0.48689311714734844, -0.19965179829966792}
        };
        INDArray train = knn.npy("train_raw");
        int[] labels = knn.npy("train_labels").toIntVector();
        for (double[] e : expected) {
            LogisticRegression fit = LogisticRegression.fit(train, labels, 10, new Options(e[0], false, 1000, 1e-9));
            INDArray w = Nd4j.createFromArray(fit.weights());
            assertEquals(e[1], w.norm2Number().doubleValue(), OPTIMUM * e[1], "length of W, C = " + e[0]);
            for (int i = 0; i < 3; i++) {
                assertEquals(e[2 + i], fit.weights()[i], OPTIMUM, "W[0, %d], C = %s".formatted(i, e[0]));
            }
        }
    }
}
