package io.dino4j.train.optim;

import io.dino4j.graph.exec.Backend;
import io.dino4j.graph.param.ParameterVector;

/** Vectors as the processor sees them: with ND4J's backend for the processor there is nothing to do. */
final class HostCopy {
    private HostCopy() {}

    /** A vector is about to be read, or written, by its address. */
    static void read(ParameterVector vector) {
        Backend.loaded().toHost(vector.vector());
    }

    /** A vector has been written by its address. */
    static void written(ParameterVector vector) {
        Backend.loaded().writtenOnHost(vector.vector());
    }
}
