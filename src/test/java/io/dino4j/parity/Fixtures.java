package io.dino4j.parity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * Finds the recorded reference arrays: the folder named by the system property {@code dino4j.fixtures}, else
 * {@code ../shared/fixtures} beside the project, else the small copy among the test resources. Tests loop over every
 * folder of their kind and take sizes from its manifest, so that a folder added later is tested without a change.
 */
public final class Fixtures {
    private static final Path ROOT = find();

    private Fixtures() {}

    /** Every fixture, by folder name. */
    public static List<Fixture> all() {
        try (Stream<Path> dirs = Files.list(ROOT)) {
            return dirs.filter(d -> Files.exists(d.resolve("manifest.json")))
                    .sorted(Comparator.comparing(Path::getFileName))
                    .map(Fixture::open)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The fixtures whose name starts with a prefix. If there is none, the test that asks is reported as skipped, with the reason: it
     * must neither pass without numbers nor fail for want of them.
     */
    public static List<Fixture> ofKind(String prefix) {
        List<Fixture> found =
                all().stream().filter(f -> f.name().startsWith(prefix)).toList();
        if (found.isEmpty()) {
            throw absent("a name starting with '%s'".formatted(prefix));
        }
        return found;
    }

    /** The fixtures that a test found; if there is none, the test is reported as skipped, with the reason. */
    public static List<Fixture> present(List<Fixture> found) {
        if (found.isEmpty()) {
            throw absent("what "
                    + StackWalker.getInstance().walk(f -> f.skip(1).findFirst().orElseThrow()) + " compares");
        }
        return found;
    }

    /** Surefire does not count tests that have nothing to run on, so they are named here. */
    private static TestAbortedException absent(String what) {
        String message = "parity test SKIPPED: no fixture in %s has %s".formatted(ROOT, what);
        System.err.println(message);
        return new TestAbortedException(message);
    }

    /** The folder in use. */
    public static Path root() {
        return ROOT;
    }

    private static Path find() {
        Path root = locate();
        System.err.println("fixtures: " + root);
        return root;
    }

    private static Path locate() {
        String named = System.getProperty("dino4j.fixtures", "");
        if (!named.isBlank()) {
            Path root = Path.of(named).toAbsolutePath().normalize();
            if (!Files.isDirectory(root)) {
                throw new IllegalStateException("-Ddino4j.fixtures=%s is not a folder".formatted(named));
            }
            return root;
        }
        Path beside = project().resolve("../shared/fixtures").normalize();
        if (Files.isDirectory(beside)) {
            return beside;
        }
        URL copy = Fixtures.class.getResource("/fixtures/README.md");
        if (copy == null) {
            throw new IllegalStateException(
                    ("no fixtures: neither %s nor the copy among the test resources exists; name"
                                    + " the folder with -Ddino4j.fixtures=...")
                            .formatted(beside));
        }
        try {
            return Path.of(copy.toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path project() {
        String named = System.getProperty("dino4j.root", "");
        if (!named.isBlank()) {
            return Path.of(named).toAbsolutePath().normalize();
        }
        Path dir = Path.of("").toAbsolutePath();
        while (dir != null && !Files.isDirectory(dir.resolve("samediff-graphs"))) {
            dir = dir.getParent();
        }
        return dir == null ? Path.of("").toAbsolutePath() : dir;
    }
}
