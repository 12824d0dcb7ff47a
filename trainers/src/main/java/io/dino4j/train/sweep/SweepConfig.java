package io.dino4j.train.sweep;

import io.dino4j.train.config.ConfigException;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a sweep is.
 *
 * @param name goes before messages: the file it comes from
 * @param base presets and files of a run's configuration, later ones over earlier ones; empty for the defaults alone
 * @param set further keys, {@code key=value} each
 * @param images what {@code train.dataset_path} is: images to learn from
 * @param val labelled images to measure k-NN accuracy on; empty to hold out some of {@code images}
 * @param epochs length of each candidate, as with {@code pretrain --epochs}; empty for that of the base
 * @param search who proposes candidates
 * @param candidates how many, at least 1; no more than a grid holds
 * @param parallel candidates at a time, at least 1
 * @param seed of the search, not of the runs: theirs is {@code train.seed}
 * @param gridPoints values of a range on a grid, at least 2
 * @param space keys that are searched, at least one
 * @param stop when a candidate is ended early
 */
public record SweepConfig(
        String name,
        List<String> base,
        List<String> set,
        String images,
        Optional<String> val,
        OptionalInt epochs,
        Search search,
        int candidates,
        int parallel,
        long seed,
        int gridPoints,
        List<Dimension> space,
        StopRule stop) {

    /** Checks what holds for every sweep. */
    public SweepConfig {
        require(epochs.orElse(1) >= 1, "epochs", "1 or more");
        require(candidates >= 1 && candidates <= Search.LARGEST_GRID, "candidates", "1 to " + Search.LARGEST_GRID);
        require(parallel >= 1, "parallel", "1 or more");
        require(gridPoints >= 2, "grid_points", "2 or more");
        require(!space.isEmpty(), "space", "one key or more, such as {optim.base_lr: {from: 1.0e-4, to: 1.0e-2}}");
        require(space.stream().map(Dimension::key).distinct().count() == space.size(), "space", "each key once");
        if (search == Search.GRID) {
            double size =
                    space.stream().mapToDouble(d -> gridSize(d, gridPoints)).reduce(1, (a, b) -> a * b);
            require(
                    size <= Search.LARGEST_GRID,
                    "search",
                    "a grid of at most %d candidates; this one has %.0f".formatted(Search.LARGEST_GRID, size));
            candidates = (int) Math.min(candidates, size);
        }
        base = List.copyOf(base);
        set = List.copyOf(set);
        space = List.copyOf(space);
    }

    private static double gridSize(Dimension d, int points) {
        if (d instanceof Dimension.Range r) {
            return r.whole() && !r.log() ? Math.min(points, r.to() - r.from() + 1) : points;
        }
        return d.probes().size();
    }

    private static void require(boolean holds, String key, String allowed) {
        if (!holds) {
            throw new IllegalArgumentException("%s: allowed: %s".formatted(key, allowed));
        }
    }

    /**
     * Reads a YAML file.
     *
     * @throws ConfigException in one line that names file and key
     * @throws IOException if it cannot be read
     */
    public static SweepConfig read(Path file) throws IOException {
        return new SweepFile(file).read();
    }

    /**
     * The configuration with some keys set.
     *
     * @param assignments {@code key=value} each
     * @throws ConfigException if there is no such key or a value is of the wrong type
     */
    ConfigLayers layers(List<String> assignments) {
        ConfigLayers layers = ConfigLayers.defaults();
        for (String part : base) {
            layers = ConfigLayers.presets().contains(part) ? layers.preset(part) : layers.file(Path.of(part));
        }
        if (epochs.isPresent()) {
            layers = layers.epochs(epochs.getAsInt());
        }
        return layers.overrides(name, List.of("train.dataset_path='" + images.replace("'", "''") + "'"))
                .overrides(name, set)
                .overrides(name, assignments);
    }

    /**
     * The configuration of a candidate, as it can be given to {@code pretrain --config}.
     *
     * @throws ConfigException if the rules of the configuration forbid it
     */
    public RunConfig config(List<String> assignments) {
        return layers(assignments).resolve();
    }

    /** What decides the candidates and their results, by name: a sweep that is gone on with must have the same. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("base", config(List.of()).toYaml());
        settings.put("images", images);
        settings.put("val", val.orElse("none"));
        settings.put("search", search.toString());
        settings.put("seed", Long.toString(seed));
        settings.put("grid_points", Integer.toString(gridPoints));
        List<String> keys = new ArrayList<>();
        space.forEach(d -> {
            settings.put("space." + d.key(), d.description());
            keys.add(d.key());
        });
        settings.put("space", String.join(", ", keys));
        settings.put("stop", stop.description());
        return settings;
    }
}
