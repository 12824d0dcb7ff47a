package io.dino4j.examples.cli;

import io.dino4j.examples.cli.PictureOptions.Framed;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.Framing;
import io.dino4j.zoo.picture.MatchPicture;
import io.dino4j.zoo.picture.PartMatches;
import io.dino4j.zoo.picture.PartMatches.Match;
import io.dino4j.zoo.picture.Parting;
import io.dino4j.zoo.picture.PatchPca;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The same parts in two images. */
@Command(
        name = "match",
        description = "Join the same parts of two images by lines: foreground patches that are each other's nearest.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j visualize match --weights dinov2_vits14_pretrain.pth --image a.jpg --with b.jpg --out match.png",
            "  ./dino4j visualize match --weights runs/photos --image a.jpg --with b.jpg --lines 40 --json --out match.png",
            "",
            "Coordinates in JSON are pixels of the original images."
        })
final class VisualizeMatchCommand implements Callable<Integer> {
    @Mixin
    private PictureOptions picture;

    @Option(names = "--image", required = true, paramLabel = "FILE", description = "First image.")
    private Path image;

    @Option(names = "--with", required = true, paramLabel = "FILE", description = "Second image.")
    private Path with;

    @Option(
            names = "--lines",
            paramLabel = "N",
            defaultValue = "20",
            description = "Pairs drawn, the most similar that are spread over the object; default 20.")
    private int lines;

    @Option(
            names = "--threshold",
            paramLabel = "T",
            defaultValue = "0",
            description =
                    "Where foreground begins on the first principal component, in standard deviations from the mean; default 0.")
    private double threshold;

    @Option(
            names = "--foreground",
            paramLabel = "RULE",
            defaultValue = "each",
            description =
                    "each: by one component over both images, measured from each image's own mean. all: measured from the mean of both, as in the paper. none: match all patches. Default each.")
    private Parting parting;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (lines <= 0) {
            throw new IllegalArgumentException("--lines: expected a positive number, got " + lines);
        }
        if (!Double.isFinite(threshold)) {
            throw new IllegalArgumentException("--threshold: expected a number, got " + threshold);
        }
        try (PictureBackbone backbone = picture.open()) {
            Framed a = picture.read(image, backbone);
            Framed b = picture.read(with, backbone);
            PatchFeatures featuresA = backbone.features(a.image());
            PatchFeatures featuresB = backbone.features(b.image());
            List<PatchFeatures> both = List.of(featuresA, featuresB);
            PatchPca pca = PatchPca.fit(both, both, parting, threshold);
            PartMatches matches = PartMatches.between(featuresA, featuresB, pca);
            if (matches.all().isEmpty()) {
                throw new IllegalArgumentException(
                        "%s and %s have no parts in common beyond the threshold of %s: lower --threshold, or use --foreground none"
                                .formatted(image, with, threshold));
            }
            finish(a, b, matches);
        }
        return 0;
    }

    private void finish(Framed a, Framed b, PartMatches matches) throws Exception {
        List<Match> shown = matches.spread(lines);
        List<Map<String, Object>> records = new ArrayList<>();
        for (Match m : shown) {
            Map<String, Object> record = new LinkedHashMap<>();
            record.put("a", point(a.framing(), m.ay(), m.ax()));
            record.put("b", point(b.framing(), m.by(), m.bx()));
            record.put("similarity", m.similarity());
            records.add(record);
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("image", image.toString());
        facts.put("with", with.toString());
        facts.put("foreground", matches.pca().hasForeground());
        matches.pca().fallback().ifPresent(reason -> facts.put("fallback", reason));
        facts.put("pairs", matches.all().size());
        facts.put("lines", records);
        List<String> text = new ArrayList<>();
        matches.pca().fallback().ifPresent(text::add);
        text.add(String.format(
                Locale.ROOT,
                "%d of %d pairs, similarity %.2f to %.2f",
                shown.size(),
                matches.all().size(),
                shown.get(0).similarity(),
                shown.get(shown.size() - 1).similarity()));
        picture.finish(
                new MatchPicture(a.photo(), b.photo(), a.framing(), b.framing()).draw(shown),
                text,
                facts,
                spec.commandLine().getOut());
    }

    private static Map<String, Object> point(Framing framing, int y, int x) {
        Map<String, Object> point = new LinkedHashMap<>();
        point.put("x", framing.centerX(x));
        point.put("y", framing.centerY(y));
        point.put("patch_column", x);
        point.put("patch_row", y);
        return point;
    }
}
