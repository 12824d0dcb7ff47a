package io.dino4j.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.SearchRule;
import io.dino4j.data.vector.BalancedSample.Pick;
import io.dino4j.data.vector.VectorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What {@code curate run} is to do, as a YAML file says it.
 *
 * @param images uncurated images to choose from
 * @param curated images of the kind that is wanted; null to balance instead
 * @param benchmark images that nothing may be learnt from; null if there are none
 * @param out folder of all results
 * @param seed of all that is drawn
 * @param embedder the network that images are compared by
 * @param dedup removal of near-duplicates
 * @param cluster clusters of what is left
 * @param retrieve what is taken for curated images
 * @param balance what is drawn without them
 */
record CurationConfig(
        String images,
        String curated,
        String benchmark,
        String out,
        long seed,
        Embedder embedder,
        Dedup dedup,
        Cluster cluster,
        Retrieve retrieve,
        Balance balance) {
    private static final ObjectMapper YAML = YAMLMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .build();

    /** The network; size and batch as in {@code curate embed}. */
    record Embedder(String weights, Integer size, Integer batch, String precision, VectorType type) {
        Embedder {
            precision = precision == null ? "f32" : precision;
            type = type == null ? VectorType.FLOAT32 : type;
        }

        OptionalInt optionalSize() {
            return size == null ? OptionalInt.empty() : OptionalInt.of(size);
        }

        OptionalInt optionalBatch() {
            return batch == null ? OptionalInt.empty() : OptionalInt.of(batch);
        }
    }

    /** Near-duplicates; thresholds as in {@code curate dedup}. */
    record Dedup(
            Boolean enabled,
            Integer k,
            Float threshold,
            Float benchmarkThreshold,
            Boolean verify,
            SearchRule.Method search,
            Integer probes) {
        boolean isWanted() {
            return enabled == null || enabled;
        }

        DedupRule rule(EmbeddingSet pool, long seed) {
            DedupRule rule = DedupRule.usual(pool, verify == null || verify);
            float least = threshold == null ? rule.threshold() : threshold;
            return rule.withNeighbors(k == null ? rule.k() : k)
                    .withThreshold(least)
                    .withBenchmarkThreshold(benchmarkThreshold == null ? least : benchmarkThreshold)
                    .withSearch(new SearchRule(
                            search == null ? SearchRule.Method.AUTO : search,
                            probes == null ? SearchRule.PROBES : probes,
                            seed));
        }
    }

    /** Clusters; without a number about the square root of the images, 1,000 at most. */
    record Cluster(Integer k, Integer levels, Integer iterations) {}

    /** One of the two ways of {@code curate retrieve}. */
    record Retrieve(
            Integer perImage,
            Integer perCluster,
            Float leastSimilarity,
            Integer leastCurated,
            Integer most,
            Boolean withCurated) {}

    /** {@code curate balance}. */
    record Balance(int images, Pick pick) {}

    CurationConfig {
        require(images != null, "images", "is missing; name the images to choose from");
        require(out != null, "out", "is missing; name the folder of the results");
        require(embedder != null && embedder.weights() != null, "embedder.weights", "is missing; name a network");
        require(
                (curated == null) == (retrieve == null),
                curated == null ? "curated" : "retrieve",
                "is missing; curated and retrieve go together");
        require(
                (retrieve == null) != (balance == null),
                "balance",
                retrieve == null
                        ? "is missing; name curated images and retrieve, or balance"
                        : "does not go with retrieve");
        if (retrieve != null) {
            require(
                    (retrieve.perImage() == null) != (retrieve.perCluster() == null),
                    "retrieve",
                    "must have either per_image or per_cluster");
        }
        dedup = dedup == null ? new Dedup(null, null, null, null, null, null, null) : dedup;
        cluster = cluster == null ? new Cluster(null, null, null) : cluster;
        require(benchmark == null || dedup.isWanted(), "benchmark", "needs dedup, which is not enabled");
        require(
                benchmark != null || dedup.benchmarkThreshold() == null,
                "dedup.benchmark_threshold",
                "needs benchmark, the images that nothing may be learnt from");
    }

    private static void require(boolean ok, String key, String what) {
        if (!ok) {
            throw new IllegalArgumentException(key + ": " + what);
        }
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException in one line that names file and key
     * @throws IOException if it cannot be read
     */
    static CurationConfig read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(file + ": no such file; expected YAML, see docs/curation.md");
        }
        String text = Files.readString(file);
        if (text.isBlank()) {
            throw new IllegalArgumentException(file + ": is empty; expected YAML, see docs/curation.md");
        }
        try {
            return YAML.readValue(text, CurationConfig.class);
        } catch (UnrecognizedPropertyException e) {
            throw new IllegalArgumentException(
                    "%s: unknown key %s; known are %s"
                            .formatted(
                                    file,
                                    path(e),
                                    new TreeSet<>(Optional.ofNullable(e.getKnownPropertyIds()).orElseThrow().stream()
                                            .map(Object::toString)
                                            .toList())),
                    e);
        } catch (InvalidFormatException e) {
            throw new IllegalArgumentException(
                    "%s: %s: expected %s, got '%s'".formatted(file, path(e), kind(e.getTargetType()), e.getValue()), e);
        } catch (JsonMappingException e) {
            Throwable cause = e.getCause();
            String what = cause instanceof IllegalArgumentException
                    ? cause.getMessage()
                    : "%s: %s"
                            .formatted(
                                    path(e),
                                    e.getOriginalMessage().lines().findFirst().orElse(""));
            throw new IllegalArgumentException("%s: %s".formatted(file, what), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "%s: is no YAML, line %d: %s"
                            .formatted(
                                    file,
                                    e.getLocation() == null
                                            ? 0
                                            : e.getLocation().getLineNr(),
                                    e.getOriginalMessage().lines().findFirst().orElse("")),
                    e);
        }
    }

    private static String kind(Class<?> type) {
        if (type.isEnum()) {
            return "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT);
        }
        return type == Boolean.class ? "true or false" : "a number";
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream()
                .map(r -> r.getFieldName() == null ? "" : r.getFieldName())
                .collect(Collectors.joining("."));
    }

    /** The configuration as YAML, as it was understood. */
    String yaml() {
        try {
            return YAML.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // texts and numbers
        }
    }
}
