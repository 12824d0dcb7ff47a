package io.dino4j.examples.benchmark;

import io.dino4j.data.crop.MultiCropConfig;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The official augmentation on Pillow and torchvision, on one core, in a process of its own that answers with seconds. */
final class Torchvision implements AutoCloseable {
    private static final String SCRIPT = "torchvision_crops.py";

    private final Path script;
    private final Process process;
    private final BufferedWriter to;
    private final BufferedReader from;
    private final String versions;

    /**
     * Starts it.
     *
     * @param folder of the images
     * @param names of image files below it
     * @throws IllegalArgumentException if Python has no torchvision
     */
    Torchvision(Path folder, List<String> names, MultiCropConfig crops) throws IOException {
        script = Files.createTempFile("torchvision", ".py");
        try (InputStream in = Torchvision.class.getResourceAsStream(SCRIPT)) {
            Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
        }
        ProcessBuilder builder = new ProcessBuilder(
                "/usr/bin/python3",
                script.toString(),
                folder.toAbsolutePath().toString(),
                Integer.toString(crops.globalSize()),
                Integer.toString(crops.localSize()),
                Integer.toString(crops.localCrops()));
        builder.environment().put("OMP_NUM_THREADS", "1");
        process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        to = process.outputWriter();
        from = process.inputReader();
        String line = null;
        try {
            for (String name : names) {
                to.write(name);
                to.write('\n');
            }
            to.write('\n');
            to.flush();
            line = from.readLine();
        } catch (IOException e) {
            // it has ended: said below
        }
        if (line == null) {
            close();
            throw new IllegalArgumentException(
                    "--against torchvision: /usr/bin/python3 has no torchvision; install python3-torchvision");
        }
        versions = line;
    }

    /** Versions of torch, torchvision and Pillow. */
    String versions() {
        return versions;
    }

    /** Images/s for so many images from a position on. */
    double rate(int first, int count) throws IOException {
        to.write("%d %d\n".formatted(first, count));
        to.flush();
        String line = from.readLine();
        if (line == null) {
            throw new IOException("torchvision has ended; can it read all of the images?");
        }
        return count / Double.parseDouble(line.split(" ")[0]);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(script);
    }
}
