package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import java.io.IOException;
import java.util.List;

/** The options of a family of protocols: a mixin of its own commands and of {@code evaluate all}. */
interface ProtocolOptions {
    /** The option that names their data, for {@code evaluate all} to tell of. */
    String dataOption();

    /**
     * What is to be run.
     *
     * @return empty if their data is not given
     * @throws IllegalArgumentException if it is not as it should be
     * @throws IOException if it cannot be read
     */
    List<Protocol> protocols() throws IOException;
}
