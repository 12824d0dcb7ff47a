package io.dino4j.data.curation.copy;

import io.dino4j.data.image.Image;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;

/** Between {@link Image} and OpenCV's matrices. Whoever gets a matrix closes it. */
final class Mats {
    private Mats() {}

    /** (H, W, 3) bytes, RGB. */
    static Mat rgb(Image image) {
        Mat mat = new Mat(image.height(), image.width(), opencv_core.CV_8UC3);
        try (BytePointer data = mat.data()) {
            data.put(image.rgb());
        }
        return mat;
    }

    /** (H, W) bytes. */
    static Mat grey(Image image) {
        Mat grey = new Mat();
        try (Mat rgb = rgb(image)) {
            opencv_imgproc.cvtColor(rgb, grey, opencv_imgproc.COLOR_RGB2GRAY);
        }
        return grey;
    }

    /** A copy of the values of a matrix of bytes without gaps. */
    static byte[] bytes(Mat mat) {
        byte[] values = new byte[(int) (mat.total() * mat.elemSize())];
        try (BytePointer data = mat.data()) {
            data.get(values);
        }
        return values;
    }

    /** An image from (H, W, 3) bytes, RGB. */
    static Image image(Mat rgb) {
        return new Image(rgb.cols(), rgb.rows(), bytes(rgb));
    }

    /** Another size: means of areas when it becomes smaller, a straight line between pixels when it grows. */
    static Mat resize(Mat mat, int width, int height) {
        Mat out = new Mat();
        boolean smaller = (long) width * height < (long) mat.cols() * mat.rows();
        try (Size size = new Size(width, height)) {
            opencv_imgproc.resize(
                    mat, out, size, 0, 0, smaller ? opencv_imgproc.INTER_AREA : opencv_imgproc.INTER_LINEAR);
        }
        return out;
    }
}
