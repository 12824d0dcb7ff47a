/**
 * What this machine can do, as the constants of a simulation: start at {@link io.dino4j.train.scaling.measure.MachineMeasurement}. The parts
 * of a real run are set up in one process and their threads' processor time is taken, which other programs change little. Nothing here trains.
 */
package io.dino4j.train.scaling.measure;
