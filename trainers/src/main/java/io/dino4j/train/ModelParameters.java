package io.dino4j.train;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The networks of a step. Replicas of a model that work at once read the same ones.
 *
 * @param student what is trained
 * @param average moving average of the student: the result of training
 * @param teacher what makes the targets: the average itself, or a frozen teacher with a layout of its own
 */
record ModelParameters(ParameterVector student, ParameterVector average, ParameterVector teacher) {
    static ModelParameters zeros(SslConfig config, DataType type) {
        ParameterVector average = ParameterVector.zeros(config.student().layout(), type);
        return new ModelParameters(
                ParameterVector.zeros(config.student().layout(), type),
                average,
                config.frozenTeacher()
                        .map(t -> ParameterVector.zeros(t.layout(), type))
                        .orElse(average));
    }
}
