package io.dino4j.train.checkpoint;

import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.VitConfig;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The tensors of a run, by reference.
 *
 * @param backbone configuration of the backbone that student and teacher have
 * @param student parameters
 * @param teacher parameters
 * @param firstMoment AdamW's m
 * @param secondMoment AdamW's v
 * @param extras centres of the teacher's targets and the like, by name; may be empty
 */
public record Snapshot(
        VitConfig backbone,
        ParameterVector student,
        ParameterVector teacher,
        ParameterVector firstMoment,
        ParameterVector secondMoment,
        Map<String, INDArray> extras) {}
