/**
 * Search over the keys of a configuration: who proposes candidates, which are stopped early, results on disk, leaderboard and report. Start at
 * {@link io.dino4j.train.sweep.Sweep}. The generators and the loop are Arbiter's; how a candidate is trained is a
 * {@link io.dino4j.train.sweep.CandidateRunner} given from outside.
 */
package io.dino4j.train.sweep;
