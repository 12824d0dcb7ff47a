package io.dino4j.examples.cli;

import io.dino4j.zoo.weights.NetworkRole;
import java.util.OptionalInt;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** What a file of weights does not tell by itself: attention heads, and which of a run's two networks is meant. */
final class WeightOptions {
    @Option(
            names = "--heads",
            paramLabel = "N",
            description = "Attention heads, if neither the file, a config.json beside it nor an official width tells.")
    private Integer heads;

    @ArgGroup
    private Role role;

    private static final class Role {
        @Option(names = "--teacher", description = "Of a run or training checkpoint: the moving average (default).")
        private boolean teacher;

        @Option(names = "--student", description = "Of a run or training checkpoint: the network that was trained.")
        private boolean student;
    }

    /** As the user says; empty if the file is to tell. */
    OptionalInt heads() {
        if (heads != null && heads < 1) {
            throw new IllegalArgumentException("--heads must be 1 or more, got " + heads);
        }
        return heads == null ? OptionalInt.empty() : OptionalInt.of(heads);
    }

    /** The teacher, if nothing is said. */
    NetworkRole role() {
        return role != null && role.student ? NetworkRole.STUDENT : NetworkRole.TEACHER;
    }
}
