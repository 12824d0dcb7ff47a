package io.dino4j.data.curation;

import io.dino4j.data.curation.copy.Deduplication;
import io.dino4j.data.curation.copy.Deduplication.Reason;
import io.dino4j.data.file.Durable;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What was removed, for people and for programs. */
record DedupReport(EmbeddingSet pool, Optional<EmbeddingSet> benchmark, Deduplication done) {
    private static final int SHOWN = 24;
    private static final int SHOWN_IMAGES = 6;

    /** A line for each removed image: its row, its name, why, the image it is a copy of, and the similarity of the two. */
    void table(Path file) throws IOException {
        ImageSource images = pool.source();
        Optional<ImageSource> against = benchmark.map(EmbeddingSet::source);
        Durable.write(file, draft -> {
            try (BufferedWriter csv = Files.newBufferedWriter(draft)) {
                csv.write("row,image,reason,copy_of,similarity\n");
                for (int r = 0; r < done.removed().length; r++) {
                    ImageSource from = done.reason()[r] == Reason.BENCHMARK ? against.orElseThrow() : images;
                    csv.write("%d,%s,%s,%s,%s\n"
                            .formatted(
                                    done.removed()[r],
                                    Csv.quoted(images.name(done.removed()[r])),
                                    done.reason()[r].label(),
                                    Csv.quoted(from.name(done.match()[r])),
                                    String.format(Locale.ROOT, "%.5f", done.similarity()[r])));
                }
            }
        });
    }

    Page page() {
        Page page = new Page("Copies removed from " + pool.folder().getFileName());
        page.paragraph(
                "%d of %d images are left: %d were the same file as another, %d were altered copies, %d resembled the benchmark."
                        .formatted(
                                done.kept().length,
                                pool.size(),
                                done.count(Reason.EXACT),
                                done.count(Reason.NEAR),
                                done.count(Reason.BENCHMARK)));
        sheet(Reason.NEAR, "Removed copies", "The image that stays is framed; its copies follow.")
                .addTo(page);
        sheet(
                        Reason.BENCHMARK,
                        "Like the benchmark",
                        "The image of the benchmark is framed; what was removed for it follows.")
                .addTo(page);
        return page;
    }

    /** Some of the groups, spread over all. */
    private Sheet sheet(Reason why, String heading, String text) {
        Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
        for (int r = 0; r < done.removed().length; r++) {
            if (done.reason()[r] == why) {
                groups.computeIfAbsent(done.match()[r], m -> new ArrayList<>()).add(r);
            }
        }
        List<Integer> first = List.copyOf(groups.keySet());
        List<Sheet.Group> shown = new ArrayList<>();
        int count = Math.min(SHOWN, first.size());
        ImageSource images = pool.source();
        ImageSource reasons =
                why == Reason.BENCHMARK && count > 0 ? benchmark.orElseThrow().source() : images;
        for (int g = 0; g < count; g++) {
            int match = first.get((int) ((long) g * first.size() / count));
            List<Sheet.Picture> pictures = new ArrayList<>();
            pictures.add(new Sheet.Picture(reasons, match, ""));
            groups.get(match).stream()
                    .limit(SHOWN_IMAGES)
                    .forEach(r -> pictures.add(
                            new Sheet.Picture(images, done.removed()[r], Sheet.similarity(done.similarity()[r]))));
            shown.add(new Sheet.Group("%d removed".formatted(groups.get(match).size()), pictures));
        }
        return new Sheet(heading, text, shown);
    }
}
