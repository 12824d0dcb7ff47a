/** Several devices of one process that work out a step together. */
package io.dino4j.train.parallel;
