package io.dino4j.train.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where a run stands, beside its tensors.
 *
 * @param step steps done, which is also the number of the next one
 * @param epoch epochs of the data done
 * @param samplerPosition samples drawn in the current epoch
 * @param optimizerSteps updates made (t of AdamW's bias correction)
 * @param seeds roots of randomness by name
 * @param phase number of the phase, from 0
 * @param phaseStart number of the phase's first step
 * @param configHash {@code RunConfig.hash()} of the phase
 * @param versions of the program and its libraries by name
 */
public record RunState(
        long step,
        long epoch,
        long samplerPosition,
        long optimizerSteps,
        Map<String, Long> seeds,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT)
                int phase, // left out where there is one phase, as before there were any
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) long phaseStart,
        String configHash,
        Map<String, String> versions) {
    /** Sorts the maps, so that equal states are written equally. */
    public RunState {
        if (step < 0 || epoch < 0 || samplerPosition < 0 || optimizerSteps < 0 || phase < 0 || phaseStart < 0) {
            throw new IllegalArgumentException(
                    "step, epoch, samplerPosition, optimizerSteps, phase and phaseStart must be 0 or more");
        }
        seeds = new TreeMap<>(seeds);
        versions = new TreeMap<>(versions);
    }
}
