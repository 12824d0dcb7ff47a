package io.dino4j.data.image;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * One whole number for each pixel, such as a class or a depth in millimetres. The numbers are shared, not copied: whoever makes an image must
 * not write to the array again.
 *
 * @param width pixels per row, positive
 * @param height rows, positive
 * @param values (H, W) unsigned 16 bit, row by row
 */
public record GreyImage(int width, int height, short[] values) {
    /** Checks that the number of values fits the size. */
    public GreyImage {
        if (width <= 0 || height <= 0 || values.length != (long) width * height) {
            throw new IllegalArgumentException(
                    "an image of %dx%d does not have %d values".formatted(width, height, values.length));
        }
    }

    /**
     * One number.
     *
     * @param x column, from the left
     * @param y row, from the top
     * @return 0 to 65535
     */
    public int at(int x, int y) {
        return values[y * width + x] & 0xffff;
    }

    /**
     * Reads the numbers of a PNG file exactly as they are stored: grey levels of up to 16 bits, or the indices of a palette, not its colours.
     *
     * @throws UnreadableImageException if it is no whole PNG file of at most {@link ImageDecoder#MAX_PIXELS}, or has several channels
     */
    public static GreyImage read(Path file) throws UnreadableImageException {
        return decode(ImageDecoder.encoded(file), file.toString());
    }

    /**
     * The same of a file held in memory. Size and completeness are checked before memory for the numbers is taken.
     *
     * @param name used in errors
     * @throws UnreadableImageException as {@link #read}
     */
    public static GreyImage decode(byte[] file, String name) throws UnreadableImageException {
        ImageHeader header = ImageHeader.of(file, name);
        long pixels = (long) header.width() * header.height();
        if (header.isJpeg()) {
            throw new UnreadableImageException(name, "is a JPEG file, which changes numbers; expected a PNG file");
        }
        if (header.width() <= 0 || header.height() <= 0 || pixels > ImageDecoder.MAX_PIXELS) {
            throw new UnreadableImageException(
                    name,
                    "size %dx%d is outside 1 pixel to %d million pixels"
                            .formatted(header.width(), header.height(), ImageDecoder.MAX_PIXELS / 1_000_000));
        }
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(file))) {
            Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("png");
            ImageReader reader = readers.next();
            reader.setInput(in, true, true); // without metadata, whose texts may unpack to any size
            try {
                return of(reader.read(0), name);
            } finally {
                reader.dispose();
            }
        } catch (UnreadableImageException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // Java's reader throws both for damaged files
            throw new UnreadableImageException(
                    name,
                    "the image data is damaged (%s)".formatted(e.getClass().getSimpleName()));
        }
    }

    private static GreyImage of(BufferedImage picture, String name) throws UnreadableImageException {
        Raster raster = picture.getRaster();
        if (raster.getNumBands() != 1) {
            throw new UnreadableImageException(
                    name,
                    "has %d channels; expected a PNG file with one number for each pixel: grey, or with a palette"
                            .formatted(raster.getNumBands()));
        }
        int width = picture.getWidth();
        int height = picture.getHeight();
        short[] values = new short[width * height];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            raster.getSamples(0, y, width, 1, 0, row);
            for (int x = 0; x < width; x++) {
                values[y * width + x] = (short) row[x];
            }
        }
        return new GreyImage(width, height, values);
    }
}
