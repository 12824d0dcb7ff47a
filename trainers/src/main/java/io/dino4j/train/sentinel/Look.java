package io.dino4j.train.sentinel;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the sentinel saw at a step.
 *
 * @param teacherEntropy mean entropy of the teacher's cls targets in nats, 0 to ln K
 * @param teacherEntropyShare the same as a share of ln K
 * @param prototypesUsed exp of the entropy of the mean target, 1 to K
 * @param prototypeUse the same as a share of K
 * @param prototypesWinning prototypes that were the largest of a target at one of the last looks
 * @param featureStd spread of the teacher's cls features, 0 (all the same) to 1 (all directions alike)
 * @param koleoDistance mean distance from a feature to the nearest other of the same crop, 0 to 2; not a number for batches of 1
 */
record Look(
        double teacherEntropy,
        double teacherEntropyShare,
        double prototypesUsed,
        double prototypeUse,
        int prototypesWinning,
        double featureStd,
        double koleoDistance) {

    /** The numbers by the names that {@code metrics.jsonl} gives them. */
    Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("teacher_entropy", teacherEntropy);
        values.put("teacher_entropy_share", teacherEntropyShare);
        values.put("prototypes_used", prototypesUsed);
        values.put("prototype_use", prototypeUse);
        values.put("prototypes_winning", (double) prototypesWinning);
        values.put("feature_std", featureStd);
        if (!Double.isNaN(koleoDistance)) {
            values.put("koleo_distance", koleoDistance);
        }
        return values;
    }
}
