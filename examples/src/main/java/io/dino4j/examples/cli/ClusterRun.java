package io.dino4j.examples.cli;

import io.dino4j.train.RunDirectory;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A run on several machines: what each of its processes does, as a command of this program. It travels to them.
 *
 * @param servers parameter servers, at least 1
 * @param workers workers, at least 1; number 0 records the run
 * @param folder of the run, absolute
 * @param config the resolved configuration
 * @param ofWorkers options of every worker
 * @param ofChief further options of worker 0
 * @param inputs files and folders that all workers must see where this process sees them, beside the folder of the run
 * @param staleness updates that workers do not wait for
 * @param steps of the whole run
 */
public record ClusterRun(
        int servers,
        int workers,
        String folder,
        String config,
        List<String> ofWorkers,
        List<String> ofChief,
        List<String> inputs,
        int staleness,
        long steps)
        implements Serializable {
    private static final String KEY = "key";
    private static final String CONFIG = "config.yaml";

    /** Servers start with the state that worker 0 has: a lost one ends them all, and with them what they could write. */
    private static final long NEVER = Long.MAX_VALUE;

    /**
     * A run whose workers are all given the same.
     *
     * @param form how many of what
     * @param folder of the run, absolute
     * @param val labelled images to measure with
     * @param alike options of all workers
     * @param staleness updates that workers do not wait for
     */
    static ClusterRun of(
            ClusterForm form, RunConfig config, Path folder, Optional<Path> val, List<String> alike, int staleness) {
        List<String> ofWorkers = new ArrayList<>(alike);
        List<String> inputs = new ArrayList<>();
        String images = config.train().datasetPath();
        if (!images.equals(TrainingImages.BUILT_IN)) {
            ofWorkers.addAll(List.of("--images", images));
            inputs.add(images);
        }
        List<String> ofChief = new ArrayList<>();
        val.map(v -> v.toAbsolutePath().normalize().toString()).ifPresent(path -> {
            ofChief.addAll(List.of("--val", path));
            inputs.add(path);
        });
        return new ClusterRun(
                form.servers(),
                form.workers(),
                folder.toString(),
                config.toYaml(),
                List.copyOf(ofWorkers),
                List.copyOf(ofChief),
                List.copyOf(inputs),
                staleness,
                config.stepsBefore(config.phaseCount()));
    }

    /**
     * Makes the folder that commands of one process find their input in, closed to other users.
     *
     * @param key secret of the run, 32 bytes or more
     */
    public Path prepare(byte[] key) throws IOException {
        Path place = Files.createTempDirectory("dino4j-cluster-");
        Path file = place.resolve(KEY);
        if (Files.getFileStore(place).supportsFileAttributeView("posix")) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Files.write(file, key);
        Files.writeString(place.resolve(CONFIG), config);
        return place;
    }

    /**
     * The command of a server.
     *
     * @param shard its number, from 0
     * @param address where it listens, such as {@code 10.0.0.5:7700}
     * @param place what {@link #prepare} has made
     */
    public List<String> server(int shard, String address, Path place) {
        return List.of(
                "node",
                "server",
                "--shard",
                shard + "/" + servers,
                "--listen",
                address,
                "--key-file",
                place.resolve(KEY).toString(),
                "--state",
                place.resolve("state").toString(),
                "--snapshot-steps",
                Long.toString(NEVER),
                "--max-staleness",
                Integer.toString(staleness));
    }

    /**
     * The command of a worker. Number 0 goes on with the run that is in the folder by now.
     *
     * @param number from 0
     * @param addresses of all servers, in their order
     * @param place what {@link #prepare} has made
     */
    public List<String> worker(int number, List<String> addresses, Path place) {
        List<String> args = new ArrayList<>();
        if (number == 0) {
            args.addAll(List.of("pretrain", "--out", folder));
            args.addAll(ofChief);
            if (RunDirectory.holdsRun(Path.of(folder))) {
                args.add("--resume");
            }
        } else {
            args.addAll(List.of("node", "worker", "--name", Integer.toString(number)));
        }
        args.addAll(List.of("--config", place.resolve(CONFIG).toString()));
        args.addAll(List.of("--servers", String.join(",", addresses), "--workers", Integer.toString(workers)));
        args.addAll(List.of("--key-file", place.resolve(KEY).toString()));
        args.addAll(ofWorkers);
        return args;
    }
}
