/**
 * The record of a run, one JSON object a line. Start at {@link io.dino4j.train.metrics.MetricsLog}. Depends on nothing
 * else of dino4j.
 */
package io.dino4j.train.metrics;
