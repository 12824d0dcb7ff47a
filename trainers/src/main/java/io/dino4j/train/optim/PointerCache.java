package io.dino4j.train.optim;

import io.dino4j.graph.param.ParameterVector;
import org.bytedeco.javacpp.FloatPointer;

/** The pointers of the vector used last: a training loop passes the same one every step. */
final class PointerCache {
    private final int workers;
    private ParameterVector vector;
    private FloatPointer[] pointers = {};

    PointerCache(int workers) {
        this.workers = workers;
    }

    FloatPointer[] of(ParameterVector wanted) {
        if (vector != wanted) {
            pointers = Blocks.pointers(wanted, workers);
            vector = wanted;
        }
        return pointers;
    }
}
