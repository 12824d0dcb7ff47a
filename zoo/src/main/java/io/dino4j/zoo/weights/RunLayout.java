package io.dino4j.zoo.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where a run of training keeps its networks: the one place that knows, for those who write them and those who read them. A checkpoint is
 * a folder such as {@code runs/photos/checkpoints/step-00000500}; it is complete once it holds {@link #STATE}, which is written last.
 */
public final class RunLayout {
    /** Folder of the checkpoints in that of a run. */
    public static final String CHECKPOINTS = "checkpoints";

    /** File of a checkpoint that is written last. */
    public static final String STATE = "state.json";

    /** File of the network that is trained. */
    public static final String STUDENT = "student.safetensors";

    /** File of its moving average. */
    public static final String TEACHER = "teacher.safetensors";

    private static final Pattern STEP = Pattern.compile("step-(\\d{8,18})");

    private RunLayout() {}

    /** Name of the folder of a checkpoint after this many steps. */
    public static String folder(long step) {
        return "step-%08d".formatted(step);
    }

    /** The number of steps that the name of a folder tells; empty if it is none of a checkpoint. */
    public static OptionalLong step(Path folder) {
        Matcher name = STEP.matcher(folder.getFileName().toString());
        return name.matches() ? OptionalLong.of(Long.parseLong(name.group(1))) : OptionalLong.empty();
    }

    /**
     * Folders of checkpoints, newest first, whether complete or not.
     *
     * @param checkpoints where they lie
     * @throws IOException if it cannot be listed
     */
    public static List<Path> newestFirst(Path checkpoints) throws IOException {
        try (Stream<Path> all = Files.list(checkpoints)) {
            return all.filter(p -> step(p).isPresent())
                    .sorted(Comparator.comparingLong((Path p) -> step(p).getAsLong())
                            .reversed())
                    .toList();
        }
    }

    /** True if a folder is a complete checkpoint. */
    public static boolean isCheckpoint(Path folder) {
        return Files.isRegularFile(folder.resolve(STATE));
    }

    /** The newest complete checkpoint of a run; its files are not verified. */
    static Optional<Path> newest(Path run) throws IOException {
        return newestFirst(run.resolve(CHECKPOINTS)).stream()
                .filter(RunLayout::isCheckpoint)
                .findFirst();
    }
}
