package io.dino4j.train.checkpoint;

import io.dino4j.graph.param.ParameterVector;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The tensors of a run, by reference.
 *
 * @param student parameters
 * @param teacher parameters
 * @param firstMoment AdamW's m
 * @param secondMoment AdamW's v
 * @param extras centres of the teacher's targets and the like, by name; may be empty
 */
public record Snapshot(
        ParameterVector student,
        ParameterVector teacher,
        ParameterVector firstMoment,
        ParameterVector secondMoment,
        Map<String, INDArray> extras) {}
