package io.dino4j.train;

import io.dino4j.graph.exec.Backend;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What one micro-batch of a step works on.
 *
 * @param globalCrops {@code [2 B, 3, S, S]}, all first crops, then all second ones
 * @param localCrops {@code [L B, 3, s, s]}, crop after crop; empty without local crops
 * @param masks {@code [2 B, n]} of 0 and 1; not read when distilling
 * @param maskIndices at least {@code maskedCount} numbers {@code slot * n + patch}, of masked patches, ascending
 * @param maskWeights {@code [M]}: 1 over the number of masked patches of the crop; 0 from {@code maskedCount} on; not read when distilling
 * @param maskedCount masked patches in the micro-batch, at most {@code M}; 0 when distilling
 * @param dropRows rows that each branch of stochastic depth keeps, by placeholder; empty without stochastic depth
 */
public record StepInputs(
        INDArray globalCrops,
        Optional<INDArray> localCrops,
        INDArray masks,
        int[] maskIndices,
        INDArray maskWeights,
        int maskedCount,
        Map<String, int[]> dropRows) {
    /** The same where the device of the calling thread can read it. */
    StepInputs on(Backend backend) {
        return new StepInputs(
                backend.here(globalCrops),
                localCrops.map(backend::here),
                backend.here(masks),
                maskIndices,
                backend.here(maskWeights),
                maskedCount,
                dropRows);
    }
}
