package io.dino4j.examples.cli;

import io.dino4j.zoo.download.Release;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code --weights} names: a path, or a released model, which is fetched.
 *
 * @param path where the weights are
 */
record ReleasedWeights(Path path) {
    /**
     * Finds the weights.
     *
     * @param word a path, or the name of a released model such as {@code dinov2_vits14}, unless something of this name is here
     * @throws IOException if a released file cannot be fetched
     */
    static ReleasedWeights of(String word) throws IOException {
        Path path = Path.of(word);
        Optional<Release> release = Files.exists(path) ? Optional.empty() : Release.named(word);
        return new ReleasedWeights(release.isPresent() ? release.get().fetch(Release.ORIGIN, Optional.empty()) : path);
    }
}
