package io.dino4j.zoo.feature;

import java.io.IOException;

/** A folder of parts that cannot be gone on with. */
final class DamagedStoreException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedStoreException(String message) {
        super(message);
    }
}
