package io.dino4j.examples.cli;

import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.download.Release;
import io.dino4j.zoo.weights.NetworkRole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** What weights are meant: a released name stands for a file, and a file does not tell all by itself. */
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

    /** The options of a model, on these kernels. */
    Dinov2.Options on(List<KernelProvider> kernels) {
        return Dinov2.Options.defaults().withHeads(heads()).of(role()).on(kernels);
    }

    /**
     * Where weights are.
     *
     * @param named a path, or the name of a released model such as {@code dinov2_vits14}, unless something of this name is here
     * @throws IOException if a released file cannot be fetched
     */
    static Path find(Path named) throws IOException {
        Optional<Release> release = Files.exists(named) ? Optional.empty() : Release.named(named.toString());
        return release.isPresent() ? release.get().fetch(Release.ORIGIN, Optional.empty()) : named;
    }
}
