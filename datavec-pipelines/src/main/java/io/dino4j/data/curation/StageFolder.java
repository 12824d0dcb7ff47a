package io.dino4j.data.curation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.dino4j.data.Progress;
import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.file.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The folder that a stage makes: whole or not there. Until then its files lie in the folder {@code NAME.draft} beside it, where a stage that was
 * killed finds what it had done. Both folders hold {@code stage.json}, the settings that they were made with: with others nothing is gone on
 * with and nothing is replaced.
 */
public final class StageFolder {
    static final String SETTINGS = "stage.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Folder in a draft for what is needed until the stage is done. */
    private static final String WORK = "work";

    private StageFolder() {}

    /** The work of a stage. */
    @FunctionalInterface
    public interface Work {
        /**
         * Fills the folder.
         *
         * @param draft exists; may hold files of a run that was killed, with equal settings; all files in it are in the result, but for those of
         *     {@link StageFolder#work}
         * @throws IOException if that fails; the draft is kept
         */
        void fill(Path draft) throws IOException;
    }

    /**
     * Does the work of a stage, unless it is done already.
     *
     * @param out the folder to make
     * @param settings all that the result depends on, by name
     * @param force replace a result, or drop a draft, of other settings
     * @param progress told if there is nothing to do
     * @param work fills the folder
     * @return whether there was work to do
     * @throws IllegalArgumentException if there is something of other settings, and no {@code force}; or from the work, whose draft is
     *     removed then
     * @throws IOException if another run is at it, or it cannot be written
     */
    public static boolean make(Path out, Map<String, String> settings, boolean force, Progress progress, Work work)
            throws IOException {
        boolean made = make(out, settings, force, work);
        if (!made) {
            progress.say("%s is done already".formatted(out));
        }
        return made;
    }

    private static boolean make(Path out, Map<String, String> settings, boolean force, Work work) throws IOException {
        Path target = out.toAbsolutePath().normalize();
        if (isDone(target, out, settings, force)) {
            return false;
        }
        Path draft = target.resolveSibling(target.getFileName() + ".draft");
        try (FolderLock lock = FolderLock.take(draft)) {
            if (isDone(target, out, settings, force)) { // by the run that had the lock before
                lock.removeFolder();
                return false;
            }
            Path file = draft.resolve(SETTINGS);
            if (Files.exists(file)) {
                Map<String, String> before = settings(file);
                if (!before.equals(settings)) {
                    requireForce(force, draft, before, settings);
                    clear(draft);
                }
            }
            write(file, settings);
            try {
                work.fill(draft);
            } catch (IllegalArgumentException e) { // the user's to mend: there is nothing to go on with
                clear(draft);
                lock.removeFolder();
                throw e;
            }
            if (Files.exists(draft.resolve(WORK))) {
                FileTree.delete(draft.resolve(WORK));
            }
            if (Files.exists(target)) {
                FileTree.delete(target);
            }
            Files.delete(draft.resolve(FolderLock.NAME));
            Durable.publish(draft, target);
        }
        return true;
    }

    private static boolean isDone(Path target, Path named, Map<String, String> settings, boolean force)
            throws IOException {
        if (!Files.exists(target)) {
            return false;
        }
        Path file = target.resolve(SETTINGS);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "%s: exists already and is not of this command; give another --out".formatted(named));
        }
        Map<String, String> before = settings(file);
        if (before.equals(settings)) {
            return true;
        }
        requireForce(force, named, before, settings);
        return false;
    }

    private static void requireForce(
            boolean force, Path folder, Map<String, String> before, Map<String, String> settings) {
        if (!force) {
            String key = differing(before, settings);
            throw new IllegalArgumentException(
                    "%s: made with %s = %s, now it is %s; replace it with --force, or give another --out"
                            .formatted(folder, key, before.get(key), settings.get(key)));
        }
    }

    private static String differing(Map<String, String> before, Map<String, String> settings) {
        for (String key : settings.keySet()) {
            if (!Objects.equals(before.get(key), settings.get(key))) {
                return key;
            }
        }
        return before.keySet().stream()
                .filter(key -> !settings.containsKey(key))
                .findFirst()
                .orElseThrow();
    }

    /**
     * The settings that a finished stage was made with.
     *
     * @param folder of the stage
     * @throws IllegalArgumentException if it is no such folder
     * @throws IOException if it cannot be read
     */
    public static Map<String, String> settingsOf(Path folder) throws IOException {
        Path file = folder.resolve(SETTINGS);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("%s: %s; expected a folder that a curate command has made"
                    .formatted(folder, Files.exists(folder) ? "has no " + SETTINGS : "no such folder"));
        }
        return settings(file);
    }

    private static Map<String, String> settings(Path file) throws IOException {
        try {
            return JSON.readValue(Files.readString(file), new TypeReference<LinkedHashMap<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw new IOException("%s: is damaged: %s; delete its folder".formatted(file, e.getOriginalMessage()), e);
        }
    }

    private static void write(Path file, Map<String, String> settings) throws IOException {
        Durable.write(file, JSON.writeValueAsString(settings) + "\n");
    }

    /** Removes all but the lock. */
    private static void clear(Path folder) throws IOException {
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (!file.getFileName().toString().equals(FolderLock.NAME)) {
                    FileTree.delete(file);
                }
            }
        }
    }

    /**
     * A folder for what is needed until the stage is done; it is no part of the result.
     *
     * @param draft as {@link Work#fill} has it
     * @param name of the folder
     * @return exists
     */
    static Path work(Path draft, String name) throws IOException {
        return Files.createDirectories(draft.resolve(WORK).resolve(name));
    }
}
