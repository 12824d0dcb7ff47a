/**
 * What runs in a process of its own and is measured there: our networks, and what a user would take instead. The
 * {@link io.dino4j.benchmarks.subject.SubjectMain} of a process takes orders from its standard input. Nothing here may load a library
 * that its subject does not need: the memory of the process is part of the measurement.
 */
package io.dino4j.benchmarks.subject;
