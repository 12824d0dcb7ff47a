package io.dino4j.train.eval.dense;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.dense.DenseFeatures.Grid;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.Figure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Depth from one photo by a linear head on frozen tokens (paper section 7.4; official {@code hub/depthers.py}): numbers for 256 depths, enlarged
 * four times before they become a depth, which is then enlarged to the size of the truth.
 *
 * @param training the heads, shared between protocols of one training set
 * @param test photos to be measured
 * @param variant which tokens
 */
public record DepthProtocol(DepthTraining training, DepthSet test, DepthVariant variant) implements Protocol {
    private static final int ENLARGED = 4;

    @Override
    public String name() {
        return variant.title() + ", " + test.name();
    }

    @Override
    public Evaluation evaluate(Subject subject, FeatureCache cache, Progress progress) throws IOException {
        DepthScores scores = new DepthScores();
        List<Figure.Panel> panels = new ArrayList<>();
        double most = training.bins().most();
        int images = test.files().size();
        int[] shown = DensePictures.shown(images);
        try (DenseFeatures features = training.features(subject, variant)) {
            LinearHead head = training.head(subject, variant, features, cache, progress);
            progress.begin("measuring depth, " + subject.title(), 0, images);
            for (int i = 0; i < images; i++) {
                float[] truth = test.depth(i, most);
                Image image = test.files().image(i);
                float[] predicted =
                        depth(features.logits(image, 1, head), training.bins(), image.height(), image.width());
                scores.add(truth, predicted);
                if (Arrays.binarySearch(shown, i) >= 0) {
                    panels.add(panel(test.files().truths().get(i).getFileName().toString(), image, truth, predicted));
                }
                progress.advance(i + 1L, Map.of());
            }
        } finally {
            progress.end();
        }
        Map<String, String> data = new LinkedHashMap<>();
        data.put(
                "photos to learn from",
                Integer.toString(training.train().files().size()));
        data.put("photos measured", Integer.toString(images));
        data.put("photos without a pixel of known depth, left out", Integer.toString(scores.unknown()));
        return new Evaluation(
                name(),
                subject.title(),
                subject.fingerprint(),
                data,
                how(subject),
                scores.metrics(),
                List.of(new Figure.Gallery("Depth, near bright", panels)));
    }

    /** Both in one scale, that of the truth. */
    private static Figure.Panel panel(String name, Image image, float[] truth, float[] predicted) {
        float farthest = 0;
        for (float t : truth) {
            farthest = t > farthest ? t : farthest;
        }
        double most = farthest > 0 ? farthest : 1;
        return new Figure.Panel(
                "%s: image, truth, prediction (to %.1f m)".formatted(name, most),
                List.of(
                        image,
                        DensePictures.depth(truth, image.width(), most),
                        DensePictures.depth(predicted, image.width(), most)));
    }

    /** From a head's numbers for patches to the depth of pixels, {@code [height, width]} in metres. */
    static float[] depth(Grid grid, DepthBins bins, int height, int width) {
        int h = ENLARGED * grid.height();
        int w = ENLARGED * grid.width();
        Cells[] across = Cells.ofPixels(w, grid.width());
        float[] logits = new float[w * bins.count()];
        float[] depth = new float[h * w];
        for (int y = 0; y < h; y++) {
            Cells down = Cells.at((y + 0.5) / h, grid.height());
            Cells.row(grid.values(), grid.width(), bins.count(), down, across, logits);
            for (int x = 0; x < w; x++) {
                depth[y * w + x] = (float) bins.depth(logits, x * bins.count());
            }
        }
        return Cells.resize(depth, h, w, height, width);
    }

    private Map<String, String> how(Subject subject) {
        DepthBins bins = training.bins();
        Map<String, String> how = new LinkedHashMap<>();
        how.put(
                "features",
                "patch tokens beside the cls token, before the final norm, of "
                        + (variant.layers() == 1
                                ? "the last block"
                                : "blocks " + DepthVariant.kind(subject).blocks()));
        how.put("bins", "%d from %s to %s m".formatted(bins.count(), bins.least(), bins.most()));
        how.putAll(training.settings().facts());
        return how;
    }
}
