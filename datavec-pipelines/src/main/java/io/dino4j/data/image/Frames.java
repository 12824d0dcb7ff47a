package io.dino4j.data.image;

import java.nio.ByteBuffer;
import org.bytedeco.javacv.Frame;

/** Between {@link Image} (RGB) and the frames of DataVec, which are 8-bit BGR, BGRA or grey. */
final class Frames {
    private Frames() {}

    static Image toImage(Frame frame) {
        int channels = frame.imageChannels;
        if (frame.imageDepth != Frame.DEPTH_UBYTE || channels != 1 && channels != 3 && channels != 4) {
            throw new IllegalArgumentException(
                    "expected a frame of 1, 3 or 4 channels of 8 bit, got %d channels of depth %d"
                            .formatted(channels, frame.imageDepth));
        }
        ByteBuffer in = (ByteBuffer) frame.image[0];
        byte[] rgb = new byte[3 * frame.imageWidth * frame.imageHeight];
        int blueToRed = channels == 1 ? 0 : 2;
        for (int y = 0, o = 0; y < frame.imageHeight; y++) {
            int i = y * frame.imageStride;
            for (int x = 0; x < frame.imageWidth; x++, i += channels, o += 3) {
                rgb[o] = in.get(i + blueToRed);
                rgb[o + 1] = in.get(i + blueToRed / 2);
                rgb[o + 2] = in.get(i);
            }
        }
        return new Image(frame.imageWidth, frame.imageHeight, rgb);
    }

    static Frame toFrame(Image image) {
        Frame frame = new Frame(image.width(), image.height(), Frame.DEPTH_UBYTE, 3);
        ByteBuffer out = (ByteBuffer) frame.image[0];
        byte[] rgb = image.rgb();
        for (int y = 0, i = 0; y < image.height(); y++) {
            int o = y * frame.imageStride;
            for (int x = 0; x < image.width(); x++, i += 3, o += 3) {
                out.put(o, rgb[i + 2]).put(o + 1, rgb[i + 1]).put(o + 2, rgb[i]);
            }
        }
        return frame;
    }
}
