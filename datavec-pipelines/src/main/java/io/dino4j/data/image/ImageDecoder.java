package io.dino4j.data.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * JPEG and PNG files to 8-bit RGB through OpenCV. As in Pillow's {@code convert("RGB")}, grey becomes three equal
 * channels, alpha is dropped (not composited) and a palette is resolved; 16-bit channels keep their high byte. An EXIF
 * rotation is ignored, as torchvision's folder loader ignores it.
 */
public final class ImageDecoder {
    /** Largest accepted image, in pixels: 100 million, 300 MB once decoded. */
    public static final long MAX_PIXELS = 100_000_000L;

    /** Largest accepted file, in bytes. */
    private static final long MAX_FILE = 512L << 20;

    private ImageDecoder() {}

    /**
     * Reads and decodes a file.
     *
     * @param file a JPEG or PNG file, whatever its extension
     * @return the image
     * @throws UnreadableImageException if the file is missing, empty, truncated, too large or of another kind
     */
    public static Image read(Path file) throws UnreadableImageException {
        return decode(encoded(file), file.toString());
    }

    /**
     * Reads a file without decoding it.
     *
     * @param file any file
     * @return its bytes
     * @throws UnreadableImageException if the file is missing or too large
     */
    public static byte[] encoded(Path file) throws UnreadableImageException {
        try {
            long size = Files.size(file);
            if (size > MAX_FILE) {
                throw new UnreadableImageException(file.toString(), "file of " + (size >> 20) + " MB is too large");
            }
            return Files.readAllBytes(file);
        } catch (UnreadableImageException e) {
            throw e;
        } catch (IOException e) {
            throw new UnreadableImageException(file.toString(), e);
        }
    }

    /**
     * Reads and decodes a stream.
     *
     * @param in a JPEG or PNG file; read to its end, and not closed
     * @param name used in errors
     * @throws UnreadableImageException if it is empty, truncated, too large or of another kind
     * @throws IOException if it cannot be read
     */
    public static Image read(InputStream in, String name) throws IOException {
        byte[] file = in.readNBytes((int) MAX_FILE + 1);
        if (file.length > MAX_FILE) {
            throw new UnreadableImageException(name, "file of more than " + (MAX_FILE >> 20) + " MB is too large");
        }
        return decode(file, name);
    }

    /**
     * Decodes a file held in memory. Size and completeness are checked before memory for the pixels is taken.
     *
     * @param file the whole file
     * @param name used in errors
     * @return the image
     * @throws UnreadableImageException if the bytes are not a whole JPEG or PNG of at most {@link #MAX_PIXELS}
     */
    public static Image decode(byte[] file, String name) throws UnreadableImageException {
        return decode(file, name, Reduction.NONE);
    }

    /**
     * Decodes a file held in memory, a JPEG at a part of its size if that is enough. Size and completeness are checked before memory for the
     * pixels is taken.
     *
     * @param file the whole file
     * @param name used in errors
     * @param reduction how small a JPEG may become; other files are decoded whole
     * @return the image; sides are rounded up when they are divided
     * @throws UnreadableImageException if the bytes are not a whole JPEG or PNG of at most {@link #MAX_PIXELS}
     */
    public static Image decode(byte[] file, String name, Reduction reduction) throws UnreadableImageException {
        return decode(file, ImageHeader.of(file, name), name, reduction);
    }

    /**
     * The same of a file whose header was read before.
     *
     * @param file the whole file
     * @param header as {@link ImageHeader#of} found it
     * @param name used in errors
     * @param reduction how small a JPEG may become; other files are decoded whole
     * @return the image; sides are rounded up when they are divided
     * @throws UnreadableImageException if it is of more than {@link #MAX_PIXELS}, or damaged
     */
    public static Image decode(byte[] file, ImageHeader header, String name, Reduction reduction)
            throws UnreadableImageException {
        long pixels = (long) header.width() * header.height();
        if (header.width() <= 0 || header.height() <= 0 || pixels > MAX_PIXELS) {
            throw new UnreadableImageException(
                    name,
                    "size %dx%d is outside 1 pixel to %d million pixels"
                            .formatted(header.width(), header.height(), MAX_PIXELS / 1_000_000));
        }
        int divisor = header.isJpeg() ? reduction.divisor(header.width(), header.height()) : 1;
        int flags = opencv_imgcodecs.IMREAD_COLOR_RGB | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION | reduced(divisor);
        try (BytePointer bytes = new BytePointer(file);
                Mat encoded = new Mat(1, file.length, opencv_core.CV_8UC1, bytes);
                Mat rgb = opencv_imgcodecs.imdecode(encoded, flags)) {
            if (rgb == null || rgb.empty()) {
                throw new UnreadableImageException(name, "the image data is damaged");
            }
            return toImage(rgb);
        } catch (RuntimeException e) { // OpenCV's own exceptions arrive as RuntimeException
            throw new UnreadableImageException(name, "the image data is damaged (" + firstLine(e) + ")");
        }
    }

    /** The flag of the size alone, which OpenCV names after grey; with the flag of RGB the result has colour. */
    private static int reduced(int divisor) {
        return switch (divisor) {
            case 1 -> 0;
            case 2 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2;
            case 4 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_4;
            case 8 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_8;
            default -> throw new IllegalArgumentException(
                    "an image is decoded at 1, 1/2, 1/4 or 1/8, not 1/" + divisor);
        };
    }

    private static Image toImage(Mat rgb) {
        byte[] pixels = new byte[3 * rgb.cols() * rgb.rows()];
        try (BytePointer data = rgb.data()) {
            data.get(pixels); // a decoded Mat is continuous
        }
        return new Image(rgb.cols(), rgb.rows(), pixels);
    }

    private static String firstLine(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }
}
