package io.dino4j.cli;

import io.dino4j.data.image.Image;
import io.dino4j.data.source.RenderedShapes;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** A run whose steps take milliseconds, and pictures for it. */
final class TinyRun {
    /** Images in a step. */
    static final int BATCH = 8;

    /** Steps in an epoch, and between checkpoints. */
    static final int EPOCH = 4;

    /** Everything that carries state from step to step is in use: centres, both heads, stochastic depth. */
    private static final String CONFIG =
            """
            dino: {head_n_prototypes: 32, head_bottleneck_dim: 16, head_hidden_dim: 32}
            ibot: {separate_head: true, head_n_prototypes: 24, head_bottleneck_dim: 16, head_hidden_dim: 32}
            train: {batch_size_per_gpu: %d, OFFICIAL_EPOCH_LENGTH: %d, saveckp_freq: 1, num_workers: 1, centering: centering}
            student: {arch: vit_nano, patch_size: 8, embed_dim: 32, depth: 2, num_heads: 2, drop_path_rate: 0.25}
            teacher: {momentum_teacher: 0.9, warmup_teacher_temp_epochs: 2}
            optim: {epochs: 2, base_lr: 0.01, warmup_epochs: 1, freeze_last_layer_epochs: 1}
            crops: {local_crops_number: 2, global_crops_size: 32, local_crops_size: 16}
            evaluation: {eval_period_iterations: 0}
            """;

    private TinyRun() {}

    /** Writes the configuration, of two epochs. */
    static Path config(Path dir) throws IOException {
        return Files.writeString(dir.resolve("tiny.yaml"), CONFIG.formatted(BATCH, EPOCH));
    }

    /** Writes PNG files of 32 pixels into one folder. */
    static Path pictures(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        RenderedShapes shapes = RenderedShapes.draw("cli", count, 32, 0);
        for (int i = 0; i < count; i++) {
            write(shapes.read(i), folder.resolve("picture-%03d.png".formatted(i)));
        }
        return folder;
    }

    /** Writes PNG files of 32 pixels into a folder for each of two classes. */
    static Path classes(Path folder, int eachClass, long seed) throws IOException {
        RenderedShapes shapes = RenderedShapes.draw("cli", 10 * eachClass, 32, seed);
        for (int i = 0; i < shapes.size(); i++) {
            if (shapes.label(i) < 2) {
                Path of =
                        Files.createDirectories(folder.resolve(shapes.classes().get(shapes.label(i))));
                write(shapes.read(i), of.resolve("picture-%03d.png".formatted(i)));
            }
        }
        return folder;
    }

    private static void write(Image picture, Path file) throws IOException {
        byte[] rgb = picture.rgb();
        BufferedImage image = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < picture.width() * picture.height(); i++) {
            int color = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
            image.setRGB(i % picture.width(), i / picture.width(), color);
        }
        ImageIO.write(image, "png", file.toFile());
    }
}
