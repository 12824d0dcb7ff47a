/**
 * The update of the flat parameter vector: groups, gradient clipping per sub-network, AdamW and the teacher's moving
 * average. Start at {@link io.dino4j.train.optim.AdamW}. Everything is element-wise over fixed blocks or summed in a fixed
 * order, so that results do not depend on the number of threads; nothing is allocated per step.
 */
package io.dino4j.train.optim;
