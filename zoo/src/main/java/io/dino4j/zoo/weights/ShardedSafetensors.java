package io.dino4j.zoo.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Several {@code .safetensors} files that hold one model: an index names the file of each tensor. The files lie beside the index; each must
 * hold the tensors that the index says, and no others.
 */
final class ShardedSafetensors implements TensorFile {
    /** Usual name of the index. */
    static final String INDEX = "model.safetensors.index.json";

    private static final String ENDING = ".safetensors.index.json";
    private static final long LARGEST = 1 << 24;
    private static final int MOST_SHARDS = 1000;
    private static final Pattern SHARD = Pattern.compile("[\\w.-]{1,200}\\.safetensors");

    private final Path index;
    private final Map<String, Safetensors> shards = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Safetensors> homes = new HashMap<>();

    private ShardedSafetensors(Path index) {
        this.index = index;
    }

    /** True if a file is named as an index. */
    static boolean isIndex(Path file) {
        return file.getFileName() != null && file.getFileName().toString().endsWith(ENDING);
    }

    /**
     * Opens an index and the files it names.
     *
     * @throws WeightsException naming the file that is damaged, missing, or does not hold what the index says
     */
    static ShardedSafetensors open(Path index) {
        ShardedSafetensors file = new ShardedSafetensors(index);
        try {
            file.read(StrictJson.object(index, LARGEST));
            return file;
        } catch (WeightsException e) {
            file.close();
            throw e;
        }
    }

    private void read(ObjectNode json) {
        JsonNode places = json.path("weight_map");
        if (!places.isObject()) {
            throw new WeightsException("%s: has no 'weight_map' that names the file of each tensor".formatted(index));
        }
        for (Map.Entry<String, JsonNode> place : places.properties()) {
            String tensor = place.getKey();
            Safetensors home = shard(place.getValue().asText());
            TensorInfo info = home.tensors().get(tensor);
            if (info == null) {
                throw new WeightsException(
                        "%s: says that '%s' is in %s, but it is not".formatted(index, tensor, home.file()));
            }
            tensors.put(tensor, info);
            homes.put(tensor, home);
        }
        for (Safetensors shard : shards.values()) {
            for (String name : shard.tensors().keySet()) {
                if (homes.get(name) != shard) {
                    throw new WeightsException("%s: says nothing of '%s' in %s".formatted(index, name, shard.file()));
                }
            }
        }
    }

    private Safetensors shard(String name) {
        if (!SHARD.matcher(name).matches()) {
            throw new WeightsException(
                    "%s: '%.60s' is no name of a .safetensors file beside it".formatted(index, name));
        }
        if (shards.size() == MOST_SHARDS && !shards.containsKey(name)) {
            throw new WeightsException("%s: names more than %d files".formatted(index, MOST_SHARDS));
        }
        return shards.computeIfAbsent(name, n -> Safetensors.open(index.resolveSibling(n)));
    }

    @Override
    public Path file() {
        return index;
    }

    @Override
    public String format() {
        return "safetensors in %d files".formatted(shards.size());
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** {@inheritDoc} Those of the first file. */
    @Override
    public Map<String, String> metadata() {
        return shards.values().stream().findFirst().map(Safetensors::metadata).orElse(Map.of());
    }

    @Override
    public INDArray read(String name) {
        return home(name).read(name);
    }

    @Override
    public void readInto(String name, INDArray target) {
        home(name).readInto(name, target);
    }

    private Safetensors home(String name) {
        Safetensors home = homes.get(name);
        if (home == null) {
            throw new WeightsException("%s: no tensor is named '%s'".formatted(index, name));
        }
        return home;
    }

    @Override
    public void close() {
        shards.values().forEach(Safetensors::close);
    }
}
