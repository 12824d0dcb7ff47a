package io.dino4j.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One folder of recorded reference arrays.
 *
 * @param name the manifest's name for it, such as {@code ssl_step_sinkhorn}
 * @param dir where it lies
 * @param manifest the parsed {@code manifest.json}
 */
public record Fixture(String name, Path dir, JsonNode manifest) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reads a folder's manifest. */
    static Fixture open(Path dir) {
        JsonNode manifest = json(dir.resolve("manifest.json"));
        return new Fixture(manifest.path("fixture").asText(dir.getFileName().toString()), dir, manifest);
    }

    /** The manifest's {@code config}: sizes and hyperparameters. */
    public JsonNode config() {
        return manifest.path("config");
    }

    /** The backbone that the arrays are from. */
    VitConfig backbone() {
        return backbone(
                config().get("interpolate_offset").asDouble(),
                config().get("interpolate_antialias").asBoolean());
    }

    /** The backbone with another way of resampling positions. */
    VitConfig backbone(double offset, boolean antialias) {
        JsonNode c = config();
        return new VitConfig(
                c.get("img_size").asInt(),
                c.get("patch_size").asInt(),
                c.get("embed_dim").asInt(),
                c.get("depth").asInt(),
                c.get("num_heads").asInt(),
                c.get("mlp_ratio").asDouble(),
                c.get("ffn").asText().startsWith("swiglu") ? Ffn.SWIGLU : Ffn.MLP,
                c.get("num_register_tokens").asInt(),
                c.get("layerscale_init").asDouble(),
                offset,
                antialias);
    }

    /** One array; {@code .npy} may be left out. Types: FLOAT, DOUBLE, INT64, UINT8; rank 0 and no elements are possible. */
    public INDArray npy(String array) {
        String file = array.endsWith(".npy") ? array : array + ".npy";
        try {
            return Npy.read(Files.readAllBytes(file(file)), name + "/" + file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every member of an archive by name, without the {@code .npy}, in the archive's order; {@code .npz} may be left out. */
    public Map<String, INDArray> npz(String archive) {
        String file = archive.endsWith(".npz") ? archive : archive + ".npz";
        Map<String, INDArray> members = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file(file)))) {
            for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
                String member = e.getName().replaceFirst("\\.npy$", "");
                members.put(member, Npy.read(zip.readAllBytes(), name + "/" + file + "/" + member));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Collections.unmodifiableMap(members);
    }

    /** A JSON file of the folder; {@code .json} may be left out. */
    public JsonNode jsonFile(String file) {
        return json(file(file.endsWith(".json") ? file : file + ".json"));
    }

    /** True if the folder holds this file. */
    public boolean has(String file) {
        return Files.exists(file(file));
    }

    /** The path of a file in the folder, there or not. */
    public Path file(String file) {
        return dir.resolve(file);
    }

    @Override
    public String toString() {
        return name;
    }

    private static JsonNode json(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
