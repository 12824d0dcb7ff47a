/**
 * What evaluations say: numbers with their uncertainty, as JSON, Markdown and one HTML page. Start at {@link
 * io.dino4j.train.eval.report.EvaluationReport}. Knows no networks and no images but those it shows.
 */
package io.dino4j.train.eval.report;
