package io.dino4j.train.eval.dense;

import io.dino4j.data.image.GreyImage;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageHeader;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Images, and for each a PNG file of the same base name that tells the truth about every pixel.
 *
 * @param images to look at
 * @param truths a file for each image, in their order
 */
public record TruthFolder(ImageSource images, List<Path> truths) {
    /** Checks the numbers. */
    public TruthFolder {
        if (images.size() != truths.size()) {
            throw new IllegalArgumentException("%d images and %d truths".formatted(images.size(), truths.size()));
        }
        truths = List.copyOf(truths);
    }

    /**
     * Two folders side by side.
     *
     * @param folder that holds both
     * @param images name of the folder of JPEG or PNG files
     * @param truths name of the folder of PNG files
     * @throws IllegalArgumentException naming the folder or file that is missing
     */
    public static TruthFolder of(Path folder, String images, String truths) {
        Path pictures = folder.resolve(images);
        Path answers = folder.resolve(truths);
        for (Path needed : List.of(pictures, answers)) {
            if (!Files.isDirectory(needed)) {
                throw new IllegalArgumentException("%s: no such folder; expected %s with the folders %s and %s in it"
                        .formatted(needed, folder, images, truths));
            }
        }
        ImageFolder source = new ImageFolder(pictures);
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < source.size(); i++) {
            String name = pictures.relativize(Path.of(source.name(i))).toString();
            Path truth = answers.resolve(name.substring(0, name.lastIndexOf('.')) + ".png");
            if (!Files.isRegularFile(truth)) {
                throw new IllegalArgumentException("%s: no such file; %s needs one".formatted(truth, source.name(i)));
            }
            files.add(truth);
        }
        return new TruthFolder(source, files);
    }

    /** Number of images. */
    public int size() {
        return truths.size();
    }

    Image image(int i) {
        try {
            return images.read(i);
        } catch (UnreadableImageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    ImageHeader header(int i) {
        try {
            return ImageHeader.of(images.encoded(i), images.name(i));
        } catch (UnreadableImageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * The truth about an image.
     *
     * @throws IllegalArgumentException in one line that names the file, if it cannot be read or is of another size than its image
     */
    GreyImage truth(int i) {
        try {
            ImageHeader image = header(i);
            GreyImage truth = GreyImage.read(truths.get(i));
            if (truth.width() != image.width() || truth.height() != image.height()) {
                throw new IllegalArgumentException("%s: has %dx%d pixels, but its image %s has %dx%d"
                        .formatted(
                                truths.get(i),
                                truth.width(),
                                truth.height(),
                                images.name(i),
                                image.width(),
                                image.height()));
            }
            return truth;
        } catch (UnreadableImageException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
