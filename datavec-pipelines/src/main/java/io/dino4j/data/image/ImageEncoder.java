package io.dino4j.data.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** 8-bit RGB to PNG and JPEG files, the way back of {@link ImageDecoder}; through OpenCV, which needs no display and no fonts. */
public final class ImageEncoder {
    /** Quality of JPEG files, from 1 to 100: no blocks to be seen in pictures with sharp edges. */
    private static final int JPEG_QUALITY = 92;

    private ImageEncoder() {}

    /** The whole PNG file; decoding it gives the same pixels. */
    public static byte[] png(Image image) {
        return encode(image, ".png");
    }

    /** The whole JPEG file, which is not lossless. */
    public static byte[] jpeg(Image image) {
        return encode(image, ".jpg");
    }

    /**
     * Checks a name before anything is worked out for it.
     *
     * @throws IllegalArgumentException if a file of this name could not be written: its ending is not .png, .jpg or .jpeg, it is a
     *     folder, or its folder does not exist
     */
    public static void requireWritable(Path file) {
        if (!isPng(file) && !isJpeg(file)) {
            throw new IllegalArgumentException(file + ": a picture is written as .png, .jpg or .jpeg");
        }
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + ": is a folder; expected the name of a picture");
        }
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("%s: there is no folder %s".formatted(file, folder));
        }
    }

    /**
     * Writes a file of the kind that its name ends in. It appears whole or not at all, and replaces one that exists.
     *
     * @throws IllegalArgumentException as {@link #requireWritable}
     * @throws IOException if it cannot be written
     */
    public static void write(Image image, Path file) throws IOException {
        requireWritable(file);
        byte[] bytes = isPng(file) ? png(image) : jpeg(image);
        Path target = file.toAbsolutePath();
        Path draft = target.resolveSibling("." + target.getFileName() + ".draft");
        try {
            Files.write(draft, bytes);
            Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static boolean isPng(Path file) {
        return name(file).endsWith(".png");
    }

    private static boolean isJpeg(Path file) {
        return name(file).endsWith(".jpg") || name(file).endsWith(".jpeg");
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    }

    private static byte[] encode(Image image, String kind) {
        byte[] bgr = image.rgb().clone();
        for (int i = 0; i < bgr.length; i += 3) {
            byte red = bgr[i];
            bgr[i] = bgr[i + 2];
            bgr[i + 2] = red;
        }
        try (BytePointer pixels = new BytePointer(bgr);
                Mat mat = new Mat(image.height(), image.width(), opencv_core.CV_8UC3, pixels);
                BytePointer file = new BytePointer();
                IntPointer quality = new IntPointer(opencv_imgcodecs.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)) {
            IntPointer options = kind.equals(".jpg") ? quality : new IntPointer();
            if (!opencv_imgcodecs.imencode(kind, mat, file, options)) {
                throw new IllegalStateException("OpenCV does not write %s as %s".formatted(image, kind));
            }
            byte[] bytes = new byte[(int) file.limit()];
            file.get(bytes);
            return bytes;
        }
    }
}
