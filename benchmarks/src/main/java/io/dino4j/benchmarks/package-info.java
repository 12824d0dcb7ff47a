/**
 * Measures dino4j against what a user would take instead, in one run. Start at {@link io.dino4j.benchmarks.Main}; every
 * {@link io.dino4j.benchmarks.Line} is one comparison. What is measured runs in processes of its own, see
 * {@link io.dino4j.benchmarks.subject}.
 */
package io.dino4j.benchmarks;
