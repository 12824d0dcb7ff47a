package io.dino4j.examples.apps;

import io.dino4j.data.Progress;
import io.dino4j.data.curation.BlocksOf;
import io.dino4j.data.curation.DedupRule;
import io.dino4j.data.curation.DedupStage;
import io.dino4j.data.curation.EmbeddingSet;
import io.dino4j.data.curation.StageSummary;
import io.dino4j.data.curation.copy.CopyEmbedding;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.vector.VectorType;
import io.dino4j.examples.cli.ConsoleProgress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the near-duplicates among your photos: resized, compressed, cropped, mirrored, recoloured. No photo is touched, and no network is
 * needed. Afterwards {@code OUT/kept/removed.csv} says which photo is a copy of which, {@code OUT/kept/report.html} shows some, and
 * {@code OUT/kept} can be given to {@code --images} everywhere.
 *
 * <pre>{@code DINO4J_MAIN=io.dino4j.examples.apps.DedupPhotos ./dino4j PHOTOS OUT}</pre>
 */
public final class DedupPhotos {
    private DedupPhotos() {}

    /** Finds them; see the class. */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            System.err.println("expected PHOTOS OUT");
            System.exit(2);
        }
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            StageSummary found = run(Path.of(args[0]), Path.of(args[1]), progress);
            System.out.println("%d of %d photos can go, see %s/kept/report.html"
                    .formatted(found.in() - found.out(), found.in(), args[1]));
        }
    }

    /**
     * Finds them, going on where an interrupted run stopped.
     *
     * @param photos folder of JPEG and PNG files, searched with its sub-folders
     * @param out folder for what is found
     * @param progress told of every step
     * @return how many there were, and how many are left
     * @throws IOException if something cannot be written
     */
    public static StageSummary run(Path photos, Path out, Progress progress) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        EmbeddingSet set = new CopyEmbedding(new ImageFolder(photos), photos.toString(), Optional.empty(), threads, 0)
                .run(out.resolve("vectors"), VectorType.FLOAT32, false, progress);
        DedupRule rule = DedupRule.usual(set, true); // pairs that look alike are compared pixel by pixel
        return new DedupStage(set, Optional.empty(), rule).run(out.resolve("kept"), BlocksOf.LOCAL, false, progress);
    }
}
