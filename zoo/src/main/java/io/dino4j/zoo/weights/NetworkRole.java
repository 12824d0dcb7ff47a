package io.dino4j.zoo.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Which of the two networks of self-distillation is meant where there are both. */
public enum NetworkRole {
    /** The moving average: the network to use and publish. */
    TEACHER(RunLayout.TEACHER),
    /** The network that is trained. */
    STUDENT(RunLayout.STUDENT);

    private final String file;

    NetworkRole(String file) {
        this.file = file;
    }

    /** The file of this network in a checkpoint of a run. */
    String file() {
        return file;
    }

    /** Its word in names of tensors. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** True if a path to a network inside a file, such as {@code teacher.backbone.}, or the file itself, is this one's. */
    boolean isNamed(Path path, String wrapper) {
        return path.endsWith(file) || Arrays.asList(wrapper.split("\\.")).contains(word());
    }
}
