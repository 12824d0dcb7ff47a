package io.dino4j.train.cluster.worker;

/**
 * Where a run stands when a worker has taken its place in it.
 *
 * @param step steps done
 * @param optimizerSteps updates made, t of AdamW's bias correction
 * @param note what the last commit left for whoever goes on
 */
public record Standing(long step, long optimizerSteps, byte[] note) {}
