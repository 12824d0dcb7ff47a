package io.dino4j.examples.cli;

import io.dino4j.data.image.GreyImage;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.train.eval.dense.MaskTracker;
import io.dino4j.train.eval.dense.VideoProtocol;
import io.dino4j.train.eval.feature.NetworkSubject;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.ContactSheet;
import io.dino4j.zoo.picture.Framing;
import io.dino4j.zoo.picture.PatchPca;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A mask of the first frame, followed through a video. */
@Command(
        name = "video",
        description =
                "Follow what is in the foreground of a video's first frame, or in a mask of it, by patch features.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j visualize video --weights dinov2_vits14_pretrain.pth --frames video/ --out video.png",
            "  ./dino4j visualize video --weights runs/photos --frames video/ --mask first.png --out video.png",
            "",
            "Without --mask the first frame's foreground is that of its principal component, as in visualize pca.",
            "A mask is a PNG file of the frame's size with an object's number in each pixel. See docs/dense.md."
        })
final class VisualizeVideoCommand implements Callable<Integer> {
    @Mixin
    private PictureOptions picture;

    @Option(
            names = "--frames",
            required = true,
            paramLabel = "DIR",
            description = "Frames as JPEG or PNG files of one size, in the order of their names.")
    private Path frames;

    @Option(names = "--mask", paramLabel = "FILE", description = "Mask of the first frame.")
    private Path mask;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "12",
            description = "Frames shown, spread evenly; default ${DEFAULT-VALUE}.")
    private int count;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        if (count < 1) {
            throw new IllegalArgumentException("--count: expected a positive number of frames");
        }
        ImageFolder video = new ImageFolder(frames);
        Image first = video.read(0);
        try (PictureBackbone backbone = picture.open();
                ConsoleProgress progress = new ConsoleProgress(System.err)) {
            int size = picture.size(backbone);
            int[] known = mask == null ? foreground(first, size, backbone) : objects(first);
            int n = Math.min(count, video.size());
            List<ContactSheet.Cell> cells = new ArrayList<>(List.of(cell(video, 0, first, known)));
            NetworkSubject subject = NetworkSubject.of("frames", backbone.model()); // closed with the backbone
            int shortSide = (int) Math.max(
                    1, (long) size * Math.min(first.width(), first.height()) / Math.max(first.width(), first.height()));
            new MaskTracker(subject, shortSide)
                    .track(
                            video,
                            known,
                            (f, image, found) -> {
                                if (f == (long) cells.size() * video.size() / n) {
                                    cells.add(cell(video, f, image, found));
                                }
                            },
                            progress);
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("frames", video.size());
            facts.put("objects", Arrays.stream(known).max().orElse(0));
            picture.finish(
                    new ContactSheet(cells).draw(),
                    List.of("%d of %d frames".formatted(cells.size(), video.size())),
                    facts,
                    spec.commandLine().getOut());
        }
        return 0;
    }

    private static ContactSheet.Cell cell(ImageFolder video, int frame, Image image, int[] mask) {
        Image drawn = VideoProtocol.overlay(image, mask);
        return new ContactSheet.Cell(
                Path.of(video.name(frame)).getFileName().toString(),
                (double) image.width() / image.height(),
                List.of(ContactSheet.photo(drawn)));
    }

    private int[] objects(Image first) throws UnreadableImageException {
        GreyImage read = GreyImage.read(mask);
        if (read.width() != first.width() || read.height() != first.height()) {
            throw new IllegalArgumentException("%s: has %dx%d pixels, but the first frame has %dx%d"
                    .formatted(mask, read.width(), read.height(), first.width(), first.height()));
        }
        int[] ids = new int[read.values().length];
        for (int p = 0; p < ids.length; p++) {
            ids[p] = read.values()[p] & 0xffff;
        }
        int[] distinct =
                Arrays.stream(ids).filter(i -> i > 0).distinct().sorted().toArray();
        if (distinct.length == 0) {
            throw new IllegalArgumentException(mask + ": holds no object to follow");
        }
        return Arrays.stream(ids)
                .map(i -> Math.max(0, 1 + Arrays.binarySearch(distinct, i)))
                .toArray();
    }

    /** The patches beyond the mean of the first principal component. */
    private static int[] foreground(Image first, int size, PictureBackbone backbone) {
        Framing framing = Framing.of(first.width(), first.height(), size, backbone.patchSize());
        PatchFeatures features = backbone.features(framing.apply(first));
        boolean[] front = PatchPca.of(List.of(features)).foreground(features);
        int[] mask = new int[first.width() * first.height()];
        for (int p = 0; p < mask.length; p++) {
            int x = p % first.width() * features.gridWidth() / first.width();
            int y = p / first.width() * features.gridHeight() / first.height();
            mask[p] = front[y * features.gridWidth() + x] ? 1 : 0;
        }
        return mask;
    }
}
