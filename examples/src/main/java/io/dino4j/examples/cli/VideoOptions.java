package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.dense.DenseSettings;
import io.dino4j.train.eval.dense.VideoData;
import io.dino4j.train.eval.dense.VideoProtocol;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --video}: videos and masks. */
final class VideoOptions implements ProtocolOptions {
    @Option(
            names = "--video",
            paramLabel = "DIR",
            description = "Videos with masks as in DAVIS: JPEGImages/480p/VIDEO, Annotations/480p/VIDEO.")
    private Path data;

    @Option(
            names = "--video-short-side",
            paramLabel = "PX",
            description =
                    "Short side of frames as the network sees them, rounded to patches; default their own, at most 518.")
    private Integer shortSide;

    @Override
    public String dataOption() {
        return "--video";
    }

    @Override
    public List<Protocol> protocols() {
        if (data == null) {
            return List.of();
        }
        if (shortSide != null && shortSide < 1) {
            throw new IllegalArgumentException("--video-short-side must be 1 or more, got " + shortSide);
        }
        VideoData videos = VideoData.open(data);
        int side =
                shortSide == null ? DenseSettings.usualShortSide(videos.frames().get(0)) : shortSide;
        return List.of(new VideoProtocol(videos, side));
    }
}
