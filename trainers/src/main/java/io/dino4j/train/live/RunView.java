package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import io.dino4j.train.sentinel.Sentinel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/** What the page shows of a run, as JSON: from the files of its folder, and from a feed if the run is that of this process. */
final class RunView {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A run of another process that has not written for so long is taken to be at rest. */
    private static final long QUIET_MS = 120_000;

    private final Path folder;
    private final Optional<LiveFeed> feed;
    private final MetricsTail metrics;
    private FileTime configTime = FileTime.fromMillis(0);
    private Optional<RunConfig> config = Optional.empty();

    RunView(Path folder, Optional<LiveFeed> feed) {
        this.folder = folder;
        this.feed = feed;
        this.metrics = new MetricsTail(RunDirectory.metricsFile(folder));
    }

    /** {@code name}, {@code command}, {@code versions} and {@code config}, the YAML; what is not there yet is left out. */
    void run(JsonGenerator json) throws IOException {
        json.writeStringField(
                "name", String.valueOf(folder.toAbsolutePath().normalize().getFileName()));
        json.writeStringField("folder", folder.toString());
        JsonNode run = tree(RunDirectory.runFile(folder));
        json.writeStringField("command", run.path("command").asText(""));
        json.writeObjectFieldStart("versions");
        for (var version : run.path("versions").properties()) {
            json.writeStringField(version.getKey(), version.getValue().asText());
        }
        json.writeEndObject();
        Path yaml = RunDirectory.configFile(folder);
        json.writeStringField("config", Files.exists(yaml) ? Files.readString(yaml) : "");
    }

    /** Where the run stands, and whether it goes on. */
    void state(JsonGenerator json) throws IOException {
        MetricsTail.Position position = metrics.position();
        json.writeNumberField("step", position.step());
        Optional<RunConfig> now = config();
        if (now.isPresent()) {
            json.writeNumberField("total", now.get().stepsBefore(now.get().phaseCount()));
            json.writeNumberField("epochSteps", now.get().train().officialEpochLength());
            double seconds = imagesLeft(now.get(), position.step()) / position.imagesPerSecond();
            if (Double.isFinite(seconds)) {
                json.writeNumberField("secondsLeft", Math.round(seconds));
            }
            sentinel(json, now.get().sentinel());
        }
        if (Double.isFinite(position.imagesPerSecond())) {
            json.writeNumberField("imagesPerSecond", position.imagesPerSecond());
        }
        json.writeStringField("status", status(position.step()));
        json.writeBooleanField("pictures", feed.isPresent());
        if (feed.isPresent()) {
            feed.get().told().write(json);
        }
    }

    /** {@code "sentinel":{"period":..,"limits":{"feature_std":{"value":..,"least":true}},"rollbacks":[..]}}. */
    private void sentinel(JsonGenerator json, RunConfig.Sentinel config) throws IOException {
        json.writeObjectFieldStart("sentinel");
        json.writeNumberField("period", config.period());
        json.writeObjectFieldStart("limits");
        for (Sentinel.Limit limit : Sentinel.limits(config)) {
            json.writeObjectFieldStart(limit.metric());
            json.writeNumberField("value", limit.value());
            json.writeBooleanField("least", limit.least());
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeFieldName("rollbacks");
        Path rollbacks = RunDirectory.rollbacksFile(folder);
        JSON.writeTree(json, Files.exists(rollbacks) ? JSON.readTree(rollbacks.toFile()) : JSON.createArrayNode());
        json.writeEndObject();
    }

    /** Images that are still to be trained on; those of a phase at a larger size count as any other. */
    private static double imagesLeft(RunConfig config, long step) {
        double images = 0;
        for (int i = 0; i < config.phaseCount(); i++) {
            long left = config.stepsBefore(i + 1) - Math.max(step, config.stepsBefore(i));
            images += (double) Math.max(0, left) * config.phase(i).train().imagesPerStep();
        }
        return images;
    }

    private String status(long step) throws IOException {
        if (feed.isPresent()) {
            return "running";
        }
        if (config().map(c -> step >= c.stepsBefore(c.phaseCount())).orElse(false)) {
            return "finished";
        }
        Path file = RunDirectory.metricsFile(folder);
        boolean fresh = Files.exists(file)
                && System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis() < QUIET_MS;
        return fresh ? "running" : "at rest";
    }

    /** The configuration, which a run that is gone on with writes again. */
    private synchronized Optional<RunConfig> config() throws IOException {
        Path yaml = RunDirectory.configFile(folder);
        if (!Files.exists(yaml)) {
            return Optional.empty();
        }
        FileTime time = Files.getLastModifiedTime(yaml);
        if (!time.equals(configTime)) {
            config = Optional.of(ConfigLayers.defaults().file(yaml).resolve());
            configTime = time;
        }
        return config;
    }

    /** The metrics, thinned; see {@link MetricsTail#write}. */
    void metrics(JsonGenerator json, String generation, long from) throws IOException {
        metrics.write(json, generation, from);
    }

    /** {@code knn}: accuracy from 0 to 1 by number of neighbours, by step; {@code raw_pixels} is one of the steps. */
    void knn(JsonGenerator json) throws IOException {
        json.writeFieldName("knn");
        JSON.writeTree(json, tree(RunDirectory.knnFile(folder)));
    }

    /** Crops of the current batch; nothing for a run of another process. */
    void crops(JsonGenerator json) throws IOException {
        if (feed.isPresent()) {
            feed.get().pictures().writeCrops(json);
        }
    }

    /** Patch features as colours; nothing for a run of another process. */
    void patches(JsonGenerator json) throws IOException {
        if (feed.isPresent()) {
            feed.get().pictures().writePatches(json);
        }
    }

    private static JsonNode tree(Path file) throws IOException {
        return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
    }
}
