package io.dino4j.data.curation.copy;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.UnreadableImageException;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Point2f;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/** What is done to a photo that is passed on: the ways to alter a copy that a search for copies is chosen and measured with. */
public enum Alteration {
    /** JPEG of quality 30. */
    JPEG_Q30 {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            return decoded(jpeg(rgb, 30));
        }
    },
    /** A random window of 80 % of the width and of the height. */
    CROP_80 {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            int width = Math.max(1, (int) Math.round(0.8 * rgb.cols()));
            int height = Math.max(1, (int) Math.round(0.8 * rgb.rows()));
            int x = rng.nextInt(rgb.cols() - width + 1);
            int y = rng.nextInt(rgb.rows() - height + 1);
            try (Rect window = new Rect(x, y, width, height);
                    Mat part = new Mat(rgb, window)) {
                return part.clone();
            }
        }
    },
    /** Half the width and half the height. */
    RESIZE_50 {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            return Mats.resize(rgb, Math.max(1, rgb.cols() / 2), Math.max(1, rgb.rows() / 2));
        }
    },
    /** Left and right exchanged. */
    HFLIP {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            Mat out = new Mat();
            opencv_core.flip(rgb, out, 1);
            return out;
        }
    },
    /** Turned by 4 to 9 degrees either way about the middle, with black corners. */
    ROTATE {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            double degrees = (4 + 5 * rng.nextDouble()) * (rng.nextBoolean() ? 1 : -1);
            Mat out = new Mat();
            try (Point2f middle = new Point2f(rgb.cols() / 2f, rgb.rows() / 2f);
                    Mat turn = opencv_imgproc.getRotationMatrix2D(middle, degrees, 1);
                    Size size = new Size(rgb.cols(), rgb.rows())) {
                opencv_imgproc.warpAffine(rgb, out, turn, size);
            }
            return out;
        }
    },
    /** Hue by 8 to 20 of 256, saturation to 55 to 160 %, brightness to 75 to 125 %. */
    COLOUR {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            double hue =
                    (8 + 12 * rng.nextDouble()) * (rng.nextBoolean() ? 1 : -1) * 180 / 256; // OpenCV: 180 all round
            double saturation = rng.nextBoolean() ? 0.55 + 0.2 * rng.nextDouble() : 1.3 + 0.3 * rng.nextDouble();
            double brightness = rng.nextBoolean() ? 0.75 + 0.1 * rng.nextDouble() : 1.15 + 0.1 * rng.nextDouble();
            try (Mat hsv = new Mat()) {
                opencv_imgproc.cvtColor(rgb, hsv, opencv_imgproc.COLOR_RGB2HSV);
                byte[] values = Mats.bytes(hsv);
                for (int i = 0; i < values.length; i += 3) {
                    values[i] = (byte) Math.floorMod(Math.round((values[i] & 0xff) + hue), 180);
                    values[i + 1] = (byte) Math.min(255, Math.round((values[i + 1] & 0xff) * saturation));
                    values[i + 2] = (byte) Math.min(255, Math.round((values[i + 2] & 0xff) * brightness));
                }
                try (BytePointer data = hsv.data()) {
                    data.put(values);
                }
                Mat out = new Mat();
                opencv_imgproc.cvtColor(hsv, out, opencv_imgproc.COLOR_HSV2RGB);
                return out;
            }
        }
    },
    /** Gaussian blur of sigma 2 to 3 pixels. */
    BLUR {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            Mat out = new Mat();
            try (Size kernel = new Size(0, 0)) {
                opencv_imgproc.GaussianBlur(rgb, out, kernel, 2 + rng.nextDouble());
            }
            return out;
        }
    },
    /** A phrase written twice over the photo. */
    TEXT {
        @Override
        Mat alter(Mat rgb, RandomGenerator rng) {
            Mat out = rgb.clone();
            String phrase = PHRASES.get(rng.nextInt(PHRASES.size()));
            double size = rgb.cols() * 0.8 / (phrase.length() * 20); // a letter is about 20 pixels wide at size 1
            int thickness = Math.max(1, (int) Math.round(2.5 * size));
            for (int line = 0; line < 2; line++) {
                int y = (int) (rgb.rows() * (0.15 + 0.35 * rng.nextDouble() + 0.45 * line));
                int light = rng.nextBoolean() ? 255 : 20;
                try (Point at = new Point((int) (0.15 * rng.nextDouble() * rgb.cols()), y);
                        Scalar colour = new Scalar(light, light, rng.nextInt(256), 0)) {
                    opencv_imgproc.putText(
                            out,
                            phrase,
                            at,
                            opencv_imgproc.FONT_HERSHEY_DUPLEX,
                            size,
                            colour,
                            thickness,
                            opencv_imgproc.LINE_AA,
                            false);
                }
            }
            return out;
        }
    };

    private static final List<String> PHRASES = List.of(
            "SAMPLE",
            "Do not copy",
            "www.example.org",
            "Summer 2019",
            "Happy birthday!",
            "LIVE",
            "Breaking news",
            "Buy now");

    /** Quality of the file that an altered photo is saved to. */
    private static final int QUALITY = 85;

    /** Changes a matrix of RGB bytes; the result is the caller's, and another one. */
    abstract Mat alter(Mat rgb, RandomGenerator rng);

    /**
     * Makes a copy, through a JPEG file as such copies come.
     *
     * @param image any image
     * @param rng what of the alteration is left to chance is drawn from it
     * @return the altered image
     */
    public Image apply(Image image, RandomGenerator rng) {
        try (Mat rgb = Mats.rgb(image);
                Mat altered = alter(rgb, rng);
                Mat saved = this == JPEG_Q30 ? altered.clone() : decoded(jpeg(altered, QUALITY))) {
            return Mats.image(saved);
        }
    }

    /** Returns the name in {@code ground_truth.csv} and in tables: {@code jpeg_q30}, {@code hflip}, ... */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static byte[] jpeg(Mat rgb, int quality) {
        try (Mat bgr = new Mat();
                BytePointer file = new BytePointer();
                IntPointer options = new IntPointer(opencv_imgcodecs.IMWRITE_JPEG_QUALITY, quality)) {
            opencv_imgproc.cvtColor(rgb, bgr, opencv_imgproc.COLOR_RGB2BGR);
            opencv_imgcodecs.imencode(".jpg", bgr, file, options);
            byte[] bytes = new byte[(int) file.limit()];
            file.get(bytes);
            return bytes;
        }
    }

    private static Mat decoded(byte[] jpeg) {
        try {
            return Mats.rgb(ImageDecoder.decode(jpeg, "copy"));
        } catch (UnreadableImageException e) {
            throw new IllegalStateException(e); // it was written just now
        }
    }
}
