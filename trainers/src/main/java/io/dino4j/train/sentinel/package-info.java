/**
 * Watches that a run learns: measures of the teacher's targets and features, and the verdict on them. Start at
 * {@link io.dino4j.train.sentinel.Sentinel}. Knows arrays and the configuration; what to do about trouble is for the run to decide.
 */
package io.dino4j.train.sentinel;
