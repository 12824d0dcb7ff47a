package io.dino4j.data;

import io.dino4j.data.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Images and files for tests. */
public final class Pictures {
    private Pictures() {}

    /** A smooth picture with a little noise. */
    public static Image picture(int width, int height, long seed) {
        SplittableRandom rng = new SplittableRandom(seed);
        double phase = rng.nextDouble() * 6;
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int p = i / 3;
            double wave = Math.sin(phase + p % width * 0.2 + i % 3) * Math.cos(phase + p / width * 0.15);
            rgb[i] = (byte) (int) (127 + 100 * wave + rng.nextInt(25));
        }
        return new Image(width, height, rgb);
    }

    /** Writes a file whose extension says how it is encoded. */
    public static Path write(Path file, Image image) throws IOException {
        byte[] bgr = image.rgb().clone();
        for (int i = 0; i < bgr.length; i += 3) {
            bgr[i] = image.rgb()[i + 2];
            bgr[i + 2] = image.rgb()[i];
        }
        return write(file, image.height(), image.width(), opencv_core.CV_8UC3, bgr);
    }

    /** Writes a file from raw pixels of an OpenCV type. */
    public static Path write(Path file, int height, int width, int type, byte[] pixels) throws IOException {
        Files.createDirectories(file.getParent());
        try (BytePointer data = new BytePointer(pixels);
                Mat mat = new Mat(height, width, type, data)) {
            if (!opencv_imgcodecs.imwrite(file.toString(), mat)) {
                throw new IOException("cannot write " + file);
            }
        }
        return file;
    }

    /** Cuts a file down to a part of its length. */
    public static void truncate(Path file, double part) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, (int) (bytes.length * part)));
    }
}
