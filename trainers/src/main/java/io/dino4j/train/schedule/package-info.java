/**
 * What changes over a run, as functions of the step and of nothing else, so that resuming needs only the step. Start at
 * {@link io.dino4j.train.schedule.Schedules}. Formulas are upstream's, off-by-ones included; all in double precision.
 */
package io.dino4j.train.schedule;
