package io.dino4j.examples.cli;

import io.dino4j.data.image.Image;
import io.dino4j.examples.cli.PictureOptions.Framed;
import io.dino4j.zoo.picture.AttentionMaps;
import io.dino4j.zoo.picture.ColorMap;
import io.dino4j.zoo.picture.ContactSheet;
import io.dino4j.zoo.picture.HeatMap;
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

/** Where the cls token looks. */
@Command(
        name = "attention",
        description = "Draw where the cls token looks: the photo, the mean over the heads of a block, and each head.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j visualize attention --weights dinov2_vits14_pretrain.pth --image a.jpg --out attention.png",
            "  ./dino4j visualize attention --weights runs/photos --image a.jpg --block 0 --overlay --out attention.png",
            "",
            "Each map has its own scale. What a head gives to the cls token itself and to registers is not drawn; the",
            "output says how much."
        })
final class VisualizeAttentionCommand implements Callable<Integer> {
    @Mixin
    private PictureOptions picture;

    @Option(names = "--image", required = true, paramLabel = "FILE", description = "The image.")
    private Path image;

    @Option(names = "--block", paramLabel = "N", description = "Block of the backbone, from 0; default the last.")
    private Integer block;

    @Option(names = "--overlay", description = "Draw the maps over the photo in grey.")
    private boolean overlay;

    @Option(
            names = "--colors",
            paramLabel = "MAP",
            defaultValue = "inferno",
            description = "inferno or viridis; default inferno.")
    private ColorMap colors;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        try (PictureBackbone backbone = picture.open()) {
            int chosen = block == null ? backbone.depth() - 1 : block;
            if (chosen < 0 || chosen >= backbone.depth()) {
                throw new IllegalArgumentException(
                        "--block: the backbone has blocks 0 to %d, got %d".formatted(backbone.depth() - 1, chosen));
            }
            Framed framed = picture.read(image, backbone);
            AttentionMaps maps = backbone.attention(framed.image(), chosen);
            picture.finish(
                    sheet(framed, maps).draw(),
                    lines(maps, chosen),
                    facts(maps, chosen),
                    spec.commandLine().getOut());
        }
        return 0;
    }

    private ContactSheet sheet(Framed framed, AttentionMaps maps) {
        Image photo = framed.photo();
        HeatMap heat = new HeatMap(colors, picture.smooth());
        List<ContactSheet.Cell> cells = new ArrayList<>();
        double aspect = (double) maps.gridWidth() / maps.gridHeight();
        cells.add(new ContactSheet.Cell("photo", aspect, List.of(ContactSheet.photo(photo))));
        cells.add(new ContactSheet.Cell(
                "mean of the heads", aspect, List.of(panel(heat, photo, maps.patchesOfMean(), maps))));
        for (int h = 0; h < maps.numHeads(); h++) {
            cells.add(new ContactSheet.Cell("head " + h, aspect, List.of(panel(heat, photo, maps.patches(h), maps))));
        }
        return new ContactSheet(cells);
    }

    private ContactSheet.Panel panel(HeatMap heat, Image photo, float[] values, AttentionMaps maps) {
        return overlay
                ? (w, h) -> heat.drawOver(photo, values, maps.gridWidth(), w, h)
                : (w, h) -> heat.draw(values, maps.gridWidth(), w, h);
    }

    private static List<String> lines(AttentionMaps maps, int block) {
        List<String> lines = new ArrayList<>();
        lines.add("block %d, %d heads, %d x %d patches"
                .formatted(block, maps.numHeads(), maps.gridWidth(), maps.gridHeight()));
        for (int h = 0; h < maps.numHeads(); h++) {
            lines.add(String.format(
                    Locale.ROOT,
                    "head %d: %.1f %% to patches, %.1f %% to cls%s",
                    h,
                    100 * sum(maps.patches(h)),
                    100 * maps.heads()[h][0],
                    maps.numPrefixTokens() > 1
                            ? String.format(Locale.ROOT, ", %.1f %% to registers", 100 * registers(maps, h))
                            : ""));
        }
        return lines;
    }

    private Map<String, Object> facts(AttentionMaps maps, int block) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("image", image.toString());
        facts.put("block", block);
        facts.put("grid_width", maps.gridWidth());
        facts.put("grid_height", maps.gridHeight());
        List<Map<String, Object>> heads = new ArrayList<>();
        for (int h = 0; h < maps.numHeads(); h++) {
            Map<String, Object> head = new LinkedHashMap<>();
            head.put("cls", maps.heads()[h][0]);
            head.put("registers", registers(maps, h));
            head.put("patches", maps.patches(h));
            heads.add(head);
        }
        facts.put("heads", heads);
        return facts;
    }

    private static double registers(AttentionMaps maps, int head) {
        double sum = 0;
        for (int t = 1; t < maps.numPrefixTokens(); t++) {
            sum += maps.heads()[head][t];
        }
        return sum;
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += v;
        }
        return sum;
    }
}
