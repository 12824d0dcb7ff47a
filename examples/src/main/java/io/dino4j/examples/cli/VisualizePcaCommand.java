package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.examples.cli.PictureOptions.Framed;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.Background;
import io.dino4j.zoo.picture.ContactSheet;
import io.dino4j.zoo.picture.Parting;
import io.dino4j.zoo.picture.PatchPca;
import io.dino4j.zoo.picture.PcaPicture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Patch features as colours. */
@Command(
        name = "pca",
        description =
                "Colour the patches of images by principal components of their features: the first parts foreground from background, three over the foreground become red, green and blue.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j visualize pca --weights dinov2_vits14_pretrain.pth --images photos/ --out pca.png",
            "  ./dino4j visualize pca --weights runs/photos --images photos/ --count 24 --fit 300 --out pca.png",
            "  ./dino4j visualize pca --weights runs/photos --images cat.jpg --background keep --out cat.png",
            "",
            "Equal colours mean similar features, also across images. Components have no natural sign: foreground is",
            "the side that has the smaller share of its patches at the borders of images."
        })
final class VisualizePcaCommand implements Callable<Integer> {
    @Mixin
    private PictureOptions picture;

    @Option(
            names = "--images",
            required = true,
            paramLabel = "PATH",
            description =
                    "One image; or a folder of JPEG and PNG files, searched with its sub-folders; tar or Parquet files; a manifest.")
    private Path images;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "12",
            description = "Images shown, spread evenly over the folder; default 12.")
    private int count;

    @Option(
            names = "--fit",
            paramLabel = "N",
            description =
                    "Images the components are found on, spread evenly over the folder, each run twice; default those shown.")
    private Integer fit;

    @Option(
            names = "--threshold",
            paramLabel = "T",
            defaultValue = "0",
            description =
                    "Where foreground begins on the first component, in standard deviations from the mean; default 0. More leaves less.")
    private double threshold;

    @Option(
            names = "--foreground",
            paramLabel = "RULE",
            defaultValue = "each",
            description =
                    "each: by one component over all images, measured from each image's own mean. all: measured from the mean of all, as in the paper; for images of one kind. none: colour all patches. Default each.")
    private Parting parting;

    @Option(
            names = "--background",
            paramLabel = "KIND",
            defaultValue = "black",
            description = "keep, black or white: how patches outside the foreground look; default black.")
    private Background background;

    @Option(names = "--per-image", description = "A PCA of each image's own: colours then mean nothing across images.")
    private boolean perImage;

    @Spec
    private CommandSpec spec;

    private final Set<String> left = new LinkedHashSet<>();
    private final Map<Path, Integer> inSet = new LinkedHashMap<>(); // by name, which tells images apart
    private Optional<ImageSource> source = Optional.empty();

    /** An image shown, and its features. */
    private record Shown(Framed framed, PatchFeatures features, PatchPca pca) {}

    @Override
    public Integer call() throws Exception {
        check();
        List<Path> files = files();
        try (PictureBackbone backbone = picture.open();
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            List<Path> used = spread(files, fit == null ? count : Math.max(count, fit));
            List<Path> wanted = spread(used, count);
            checkMemory(wanted.size(), backbone);
            Map<Path, PatchFeatures> features = new LinkedHashMap<>();
            List<Framed> framed = new ArrayList<>();
            progress.begin("features", 0, wanted.size());
            for (Path file : wanted) {
                read(file, backbone, progress).ifPresent(f -> {
                    framed.add(f);
                    features.put(file, backbone.features(f.image()));
                });
                progress.advance(framed.size() + left.size(), Map.of());
            }
            progress.end();
            if (framed.isEmpty()) {
                throw new IllegalArgumentException("%s: none of the images chosen can be shown; the first: %s"
                        .formatted(images, left.iterator().next()));
            }
            List<PatchPca> pcas = pcas(used, features, backbone, progress);
            List<Shown> shown = IntStream.range(0, framed.size())
                    .mapToObj(i ->
                            new Shown(framed.get(i), features.get(framed.get(i).file()), pcas.get(perImage ? i : 0)))
                    .toList();
            finish(shown, files.size(), used.size());
        }
        return 0;
    }

    private void check() {
        if (count <= 0 || fit != null && fit <= 0) {
            throw new IllegalArgumentException("--count and --fit: expected a positive number of images");
        }
        if (!Double.isFinite(threshold)) {
            throw new IllegalArgumentException("--threshold: expected a number, got " + threshold);
        }
        if (perImage && fit != null) {
            throw new IllegalArgumentException(
                    "--fit has no meaning with --per-image: each image has its own components");
        }
    }

    private List<Path> files() throws IOException {
        if (Files.isRegularFile(images) && !ImageSources.isSet(images)) {
            return List.of(images);
        }
        ImageSource set = Images.open(images);
        for (int i = 0; i < set.size(); i++) {
            inSet.putIfAbsent(Path.of(set.name(i)), i);
        }
        source = Optional.of(set);
        return List.copyOf(inSet.keySet());
    }

    private static List<Path> spread(List<Path> files, int count) {
        int n = Math.min(count, files.size());
        return IntStream.range(0, n)
                .mapToObj(i -> files.get((int) ((long) i * files.size() / n)))
                .toList();
    }

    private void checkMemory(int shown, PictureBackbone backbone) {
        long photo = 3L * PictureOptions.PHOTO * PictureOptions.PHOTO;
        long bytes = shown * (backbone.featureBytes(picture.size(backbone)) + photo);
        long room = Runtime.getRuntime().maxMemory() / 2;
        if (bytes > room) {
            throw new IllegalArgumentException(
                    "features and photos of %d images take up to %d MB, and there is room for %d: lower --count or --size, or give Java more (DINO4J_HEAP=%dg)"
                            .formatted(shown, bytes >> 20, room >> 20, 2 + (bytes >> 29)));
        }
    }

    private Optional<Framed> read(Path file, PictureBackbone backbone, Progress progress) {
        try {
            Image image = source.isPresent() ? source.get().read(inSet.get(file)) : ImageDecoder.read(file);
            return Optional.of(picture.frame(file, image, backbone));
        } catch (UnreadableImageException e) {
            left.add(e.getMessage());
            progress.say("left out: " + e.getMessage());
            return Optional.empty();
        }
    }

    private List<PatchPca> pcas(
            List<Path> used, Map<Path, PatchFeatures> shown, PictureBackbone backbone, Progress progress) {
        List<PatchFeatures> features = List.copyOf(shown.values());
        if (perImage) {
            return features.stream()
                    .map(f -> PatchPca.fit(List.of(f), List.of(f), parting, threshold))
                    .toList();
        }
        if (used.size() <= shown.size()) {
            return List.of(PatchPca.fit(features, features, parting, threshold));
        }
        long[] done = {0};
        progress.begin("components", 0, (parting == Parting.NONE ? 1L : 2L) * used.size());
        Iterable<PatchFeatures> all = () -> used.stream()
                .peek(file -> progress.advance(done[0]++, Map.of()))
                .flatMap(file -> shown.containsKey(file)
                        ? Optional.of(shown.get(file)).stream()
                        : read(file, backbone, progress).map(f -> backbone.features(f.image())).stream())
                .iterator();
        PatchPca pca = PatchPca.fit(all, features, parting, threshold);
        progress.end();
        return List.of(pca);
    }

    private void finish(List<Shown> shown, int found, int used) throws Exception {
        List<ContactSheet.Cell> cells = new ArrayList<>();
        List<Map<String, Object>> records = new ArrayList<>();
        long patches = 0;
        long inFront = 0;
        for (Shown s : shown) {
            PcaPicture drawing = new PcaPicture(s.pca, background, picture.smooth());
            Image photo = s.framed.image();
            cells.add(new ContactSheet.Cell(
                    s.framed.file().getFileName().toString(),
                    (double) photo.width() / photo.height(),
                    List.of(ContactSheet.photo(s.framed.photo()), (w, h) -> drawing.draw(s.features, w, h))));
            boolean[] mask = s.pca.foreground(s.features);
            long front = IntStream.range(0, mask.length).filter(p -> mask[p]).count();
            patches += mask.length;
            inFront += front;
            records.add(record(s, (double) front / mask.length));
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("images", records);
        facts.put("left_out", List.copyOf(left));
        facts.put("images_found", found);
        facts.put("images_fitted", perImage ? 1 : Math.max(used, shown.size()));
        facts.put("parting", parting.name().toLowerCase(Locale.ROOT));
        facts.put("threshold", threshold);
        facts.put("foreground_share", (double) inFront / patches);
        List<String> lines = new ArrayList<>();
        lines.add("%d of %d images".formatted(shown.size(), found));
        if (!perImage) {
            describe(shown.get(0).pca, (double) inFront / patches, lines);
            facts.putAll(variances(shown.get(0).pca));
        }
        picture.finish(
                new ContactSheet(cells).draw(), lines, facts, spec.commandLine().getOut());
    }

    private Map<String, Object> record(Shown s, double front) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("file", s.framed.file().toString());
        record.put("width", s.framed.image().width());
        record.put("height", s.framed.image().height());
        record.put("grid_width", s.features.gridWidth());
        record.put("grid_height", s.features.gridHeight());
        record.put("foreground_share", front);
        if (perImage) {
            record.putAll(variances(s.pca));
        }
        return record;
    }

    private static Map<String, Object> variances(PatchPca pca) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("foreground", pca.hasForeground());
        pca.fallback().ifPresent(reason -> facts.put("fallback", reason));
        facts.put("explained_by_first", pca.explainedByFirst());
        facts.put("explained_by_colors", pca.explainedByColors());
        return facts;
    }

    private static void describe(PatchPca pca, double front, List<String> lines) {
        double[] rgb = pca.explainedByColors();
        lines.add(String.format(
                Locale.ROOT,
                "first component: %.1f %% of the variance; %s",
                100 * pca.explainedByFirst(),
                pca.hasForeground()
                        ? String.format(Locale.ROOT, "%.1f %% of the patches are foreground", 100 * front)
                        : pca.fallback().orElse("no foreground asked for")));
        lines.add(String.format(
                Locale.ROOT,
                "red, green, blue: %.1f, %.1f, %.1f %% of the variance of the %s",
                100 * rgb[0],
                100 * rgb[1],
                100 * rgb[2],
                pca.hasForeground() ? "foreground" : "patches"));
    }
}
