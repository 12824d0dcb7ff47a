package io.dino4j.train.eval.dense;

import io.dino4j.data.Seed;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;

/** Images whose halves differ in colour, with masks and depth that say so. */
final class DenseFiles {
    static final int WIDTH = 40;
    static final int HEIGHT = 32;

    private DenseFiles() {}

    /** Left red, right blue, a border at a place of each image's own; class 3 is red, 7 is blue, 9 is ignored. */
    static Path segmentation(Path folder, int train, int val) throws IOException {
        for (String part : new String[] {"train", "val"}) {
            for (int i = 0; i < (part.equals("train") ? train : val); i++) {
                int border = border(part, i);
                Path images = Files.createDirectories(folder.resolve(part).resolve("images"));
                Path masks = Files.createDirectories(folder.resolve(part).resolve("masks"));
                ImageEncoder.write(photo(border), images.resolve("a%d.png".formatted(i)));
                grey(masks.resolve("a%d.png".formatted(i)), false, (x, y) -> y == 0 ? 9 : x < border ? 3 : 7);
            }
        }
        Files.writeString(
                folder.resolve("classes.csv"), "index,name,r,g,b\n3,red,255,0,0\n7,blue,0,0,255\n9,Void,0,0,0\n");
        return folder;
    }

    /** Red is 1 m away, blue is 3 m away, the first row is not known. */
    static Path depth(Path folder, int train, int val) throws IOException {
        for (String part : new String[] {"train", "val"}) {
            for (int i = 0; i < (part.equals("train") ? train : val); i++) {
                int border = border(part, i);
                Path photos = Files.createDirectories(folder.resolve(part).resolve("rgb"));
                Path depth = Files.createDirectories(folder.resolve(part).resolve("depth"));
                ImageEncoder.write(photo(border), photos.resolve("a%d.png".formatted(i)));
                grey(depth.resolve("a%d.png".formatted(i)), true, (x, y) -> y == 0 ? 0 : x < border ? 1000 : 3000);
            }
        }
        return folder;
    }

    private static int border(String part, int i) {
        RandomGenerator random = new Seed(part.length()).at(0, i);
        return 8 * random.nextInt(1, 5);
    }

    private static Image photo(int border) {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int p = 0; p < WIDTH * HEIGHT; p++) {
            rgb[3 * p + (p % WIDTH < border ? 0 : 2)] = (byte) (200 + p % 7);
        }
        return new Image(WIDTH, HEIGHT, rgb);
    }

    /** A number of each pixel. */
    interface Numbers {
        int at(int x, int y);
    }

    static void grey(Path file, boolean wide, Numbers numbers) throws IOException {
        int type = wide ? BufferedImage.TYPE_USHORT_GRAY : BufferedImage.TYPE_BYTE_GRAY;
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, type);
        for (int p = 0; p < WIDTH * HEIGHT; p++) {
            picture.getRaster().setSample(p % WIDTH, p / WIDTH, 0, numbers.at(p % WIDTH, p / WIDTH));
        }
        ImageIO.write(picture, "png", file.toFile());
    }
}
