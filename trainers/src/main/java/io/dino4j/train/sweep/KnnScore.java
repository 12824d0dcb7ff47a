package io.dino4j.train.sweep;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.arbiter.optimize.api.data.DataProvider;
import org.deeplearning4j.arbiter.optimize.api.data.DataSource;
import org.deeplearning4j.arbiter.optimize.api.score.ScoreFunction;

/** Arbiter's view of the score: the last k-NN accuracy of a candidate, the larger the better. */
final class KnnScore implements ScoreFunction {
    private static final long serialVersionUID = 1L;

    @Override
    @SuppressWarnings("deprecation") // the interface has it
    public double score(Object model, DataProvider dataProvider, Map<String, Object> dataParameters) {
        return ((CandidateResult) model).score().orElseThrow();
    }

    @Override
    public double score(Object model, Class<? extends DataSource> dataSource, Properties dataSourceProperties) {
        return ((CandidateResult) model).score().orElseThrow();
    }

    @Override
    public boolean minimize() {
        return false;
    }

    @Override
    public List<Class<?>> getSupportedModelTypes() {
        return List.of(CandidateResult.class);
    }

    @Override
    public List<Class<?>> getSupportedDataTypes() {
        return List.of();
    }
}
