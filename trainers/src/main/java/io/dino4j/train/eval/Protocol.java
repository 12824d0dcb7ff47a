package io.dino4j.train.eval;

import io.dino4j.data.Progress;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import java.io.IOException;

/** A way to tell how good features are, with its data and settings: records implement it. */
public interface Protocol {
    /** Its name in tables, such as {@code k-NN}. */
    String name();

    /**
     * Evaluates one subject. Equal subjects, data and settings give equal results, for any number of threads.
     *
     * @param subject closed by its owner
     * @param cache keeps the features of whole images
     * @param progress told of what takes more than a moment
     * @throws IllegalArgumentException if the data does not do for this protocol: a metric that cannot be computed is no 0
     * @throws IOException if features cannot be kept
     */
    Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException;
}
