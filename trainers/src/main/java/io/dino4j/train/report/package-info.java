/**
 * {@code report.html}: a finished run on one page that needs no other file. Start at
 * {@link io.dino4j.train.report.RunReport}. Reads metrics; knows no models.
 */
package io.dino4j.train.report;
