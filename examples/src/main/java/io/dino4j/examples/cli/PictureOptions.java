package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.picture.Framing;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the commands that draw have in common: weights in, a picture out. */
final class PictureOptions {
    /** Pixels of the longer side of a photo that is shown. */
    static final int PHOTO = 720;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "PATH",
            description = "A .pth or .safetensors file, a run, a folder of the Hugging Face hub, or a released model.")
    private Path weights;

    @Mixin
    private WeightOptions options;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "Picture to write, .png or .jpg; one that exists is replaced.")
    private Path out;

    @Option(
            names = "--size",
            paramLabel = "PX",
            description =
                    "Pixels of the longer side of what the network sees; rounded down to whole patches. Default 37 patches (518 pixels of patch 14), for small networks three times the grid they were trained on.")
    private Integer size;

    @Option(names = "--blocks", description = "Draw each patch as a block; without it, smooth between patches.")
    private boolean blocks;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private KernelsOption kernels;

    PictureOptions() {}

    /**
     * An image as the network sees it.
     *
     * @param file where it is from
     * @param framing from the original
     * @param image the result
     * @param photo the same part of the original, for people to look at: sharper where the network sees little
     */
    record Framed(Path file, Framing framing, Image image, Image photo) {}

    /** Opens the weights, after a look at what would fail in the end. */
    PictureBackbone open() throws IOException {
        ImageEncoder.requireWritable(out);
        return new PictureBackbone(Dinov2.load(WeightOptions.find(weights), options.on(kernels.list())));
    }

    /** Pixels of the longer side. */
    int size(PictureBackbone backbone) {
        int pixels = size == null ? backbone.usualSize() : size;
        if (pixels < backbone.patchSize()) {
            throw new IllegalArgumentException(
                    "--size: %d pixels are less than a patch of %d".formatted(pixels, backbone.patchSize()));
        }
        return pixels / backbone.patchSize() * backbone.patchSize();
    }

    /**
     * Reads an image.
     *
     * @throws UnreadableImageException if it cannot be read, or is so narrow that less than a patch is left
     */
    Framed read(Path file, PictureBackbone backbone) throws UnreadableImageException {
        return frame(file, ImageDecoder.read(file), backbone);
    }

    /**
     * Makes an image fit for the network.
     *
     * @param file its name
     * @throws UnreadableImageException if it is so narrow that less than a patch is left
     */
    Framed frame(Path file, Image image, PictureBackbone backbone) throws UnreadableImageException {
        try {
            Framing framing = Framing.of(image.width(), image.height(), size(backbone), backbone.patchSize());
            return new Framed(file, framing, framing.apply(image), photo(image, framing));
        } catch (IllegalArgumentException e) {
            throw new UnreadableImageException(file.toString(), e.getMessage());
        }
    }

    private static Image photo(Image image, Framing framing) {
        Box box = framing.box();
        double scale = Math.min(1, (double) PHOTO / Math.max(box.width(), box.height()));
        return BicubicResize.cropResize(image, box, (int) Math.max(1, Math.round(scale * box.width())), (int)
                Math.max(1, Math.round(scale * box.height())));
    }

    /** True unless blocks are wanted. */
    boolean smooth() {
        return !blocks;
    }

    /**
     * Writes the picture, then tells of it.
     *
     * @param lines for people
     * @param facts for programs; the name and size of the picture are added
     */
    void finish(Image picture, List<String> lines, Map<String, Object> facts, PrintWriter to) throws IOException {
        ImageEncoder.write(picture, out);
        if (json) {
            facts.put("out", out.toString());
            facts.put("out_width", picture.width());
            facts.put("out_height", picture.height());
            to.println(new ObjectMapper().writeValueAsString(facts));
            return;
        }
        lines.forEach(to::println);
        to.println("%s: %d x %d pixels".formatted(out, picture.width(), picture.height()));
    }
}
