package io.dino4j.zoo.download;

import io.dino4j.graph.vit.VitConfig;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.deeplearning4j.common.resources.DL4JResources;
import org.deeplearning4j.common.resources.ResourceType;

/** The backbones that were released with the paper, under Apache-2.0 (official {@code hub/backbones.py}). */
public enum Release {
    /** ViT-S/14, 22 million parameters. */
    DINOV2_VITS14(VitConfig.small14(), 0),
    /** ViT-B/14, 87 million parameters. */
    DINOV2_VITB14(VitConfig.base14(), 0),
    /** ViT-L/14, 304 million parameters. */
    DINOV2_VITL14(VitConfig.large14(), 0),
    /** ViT-g/14, 1.1 billion parameters. */
    DINOV2_VITG14(VitConfig.giant14(), 0),
    /** ViT-S/14 with 4 registers. */
    DINOV2_VITS14_REG4(VitConfig.small14(), 4),
    /** ViT-B/14 with 4 registers. */
    DINOV2_VITB14_REG4(VitConfig.base14(), 4),
    /** ViT-L/14 with 4 registers. */
    DINOV2_VITL14_REG4(VitConfig.large14(), 4),
    /** ViT-g/14 with 4 registers. */
    DINOV2_VITG14_REG4(VitConfig.giant14(), 4);

    /** Folder of folders of the released files. */
    public static final URI ORIGIN = URI.create("https://dl.fbaipublicfiles.com/dinov2/");

    private final VitConfig config;

    Release(VitConfig plain, int registers) {
        config = registers == 0 ? plain : plain.withRegisters(registers);
    }

    /** The backbone. */
    public VitConfig config() {
        return config;
    }

    /** Official name of the model, such as {@code dinov2_vits14_reg4}; the folder of its file has that of the model without registers. */
    public String modelName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Name of the file of weights, such as {@code dinov2_vits14_reg4_pretrain.pth}. */
    public String fileName() {
        return modelName() + "_pretrain.pth";
    }

    /**
     * Address of the weights.
     *
     * @param base folder of folders, ending in {@code /}: {@link #ORIGIN} or that of a mirror
     */
    public URI address(URI base) {
        return base.resolve(modelName().replace("_reg4", "") + "/" + fileName());
    }

    /** The model of a name, such as {@code dinov2_vits14}; empty if there is none. */
    public static Optional<Release> named(String name) {
        return Arrays.stream(values()).filter(r -> r.modelName().equals(name)).findFirst();
    }

    /** Where DL4J keeps the file once it is here. */
    public Path cached() {
        File folder = DL4JResources.getDirectory(ResourceType.ZOO_MODEL, modelName());
        return folder.toPath().resolve(fileName());
    }

    /**
     * The file of weights, fetched into DL4J's cache if it is not there yet.
     *
     * @param base {@link #ORIGIN} or a mirror: {@code https:}, {@code http:} or {@code file:}
     * @param sha256 what the file must hash to, in hexadecimal digits; empty to check its length alone
     * @throws IOException naming the address and what is wrong; what has arrived is kept for the next try
     */
    public Path fetch(URI base, Optional<String> sha256) throws IOException {
        return new Download(address(base), cached(), sha256).fetch();
    }
}
