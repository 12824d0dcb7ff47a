package io.dino4j.examples.serve;

import io.dino4j.data.Progress;
import io.dino4j.data.ReadAhead;
import io.dino4j.data.file.FileTree;
import io.dino4j.data.file.FolderLock;
import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.zoo.PatchFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Brings an index up to date with its images. An image whose file is as it was is not read; one that is known by its content, under whatever
 * name, does not go through the network again. A run that is killed loses the segment it was at: {@value #SEGMENT} images or half a minute.
 */
final class Indexing {
    static final int SEGMENT = 256;

    private static final long SEGMENT_NS = 30_000_000_000L;

    /** Images handed to the network at a time. */
    private static final int TOGETHER = 32;

    private static final double GB = 1e9;

    private final IndexFolder folder;
    private final ImageSource source;
    private final SearchNetwork network;
    private final double share;
    private final Map<String, String> known = new HashMap<>(); // hash by stamp
    private final Map<String, Found> rows = new HashMap<>(); // by hash
    private final String[] hashes; // of each image; empty if unknown
    private final Progress progress;

    /** Where the features of an image are. */
    record Found(Segment segment, int row) {
        ImageRow image() {
            return segment.rows().get(row);
        }
    }

    /** An image that was read: known by its hash already, or ready for the network, or trouble. */
    private record Read(int index, String stamp, String sha256, SearchNetwork.Seen seen, String trouble) {}

    /**
     * An update.
     *
     * @param folder of the index, held by nobody else
     * @param patchBytes of patch features, at most
     */
    private Indexing(
            IndexFolder folder, ImageSource source, SearchNetwork network, long patchBytes, Progress progress) {
        this.folder = folder;
        this.source = source;
        this.network = network;
        this.progress = progress;
        double all = (double) source.size() * network.mostPatches() * (network.dimension() + Float.BYTES);
        share = Math.min(1, patchBytes / all);
        hashes = new String[source.size()];
        if (share < 1) {
            progress.say(
                    "patch features of %.0f%% of the images are kept: those of all %,d may take %.1f GB, and --patch-limit allows %.1f"
                            .formatted(100 * share, source.size(), all / GB, patchBytes / GB));
        }
    }

    /**
     * Makes an index, or brings it up to date.
     *
     * @param path folder of the index
     * @param where as the images were named
     * @param patchBytes of patch features, at most; of more images a share is chosen by their hashes
     * @param progress told of every image
     * @throws IllegalArgumentException if no image can be read, or the folder holds something else
     * @throws IOException if it cannot be written, or another process is at it
     */
    static ImageIndex run(
            Path path, String where, ImageSource source, SearchNetwork network, long patchBytes, Progress progress)
            throws IOException {
        IndexFolder folder = new IndexFolder(path);
        folder.requireOwn();
        FolderLock lock = FolderLock.take(path);
        try (lock) {
            folder.claim(network);
            Indexing indexing = new Indexing(folder, source, network, patchBytes, progress);
            indexing.update();
            return ImageIndex.of(path, where, source, indexing.found());
        }
    }

    private void update() throws IOException {
        List<Segment> segments = new ArrayList<>(folder.segments());
        known.putAll(folder.listing());
        for (Segment segment : segments) {
            take(segment);
        }
        List<Integer> pending = new ArrayList<>();
        for (int i = 0; i < hashes.length; i++) {
            String hash = known.getOrDefault(ImageRow.stamp(source, i), "");
            hashes[i] = isIndexed(hash) ? hash : "";
            if (hashes[i].isEmpty()) {
                pending.add(i);
            }
        }
        read(pending);
        dropUnused(segments);
        Map<String, String> listing = new LinkedHashMap<>();
        for (int i = 0; i < hashes.length; i++) {
            String stamp = ImageRow.stamp(source, i);
            if (!hashes[i].isEmpty() && !stamp.isEmpty()) {
                listing.put(stamp, hashes[i]);
            }
        }
        if (!listing.equals(folder.listing())) {
            folder.writeListing(listing);
        }
    }

    private void take(Segment segment) {
        for (int r = 0; r < segment.rows().size(); r++) {
            ImageRow row = segment.rows().get(r);
            rows.put(row.sha256(), new Found(segment, r));
            known.put(row.stamp(), row.sha256());
        }
    }

    private boolean isIndexed(String hash) {
        Found found = rows.get(hash);
        return found != null && (found.image().firstPatch() >= 0 || !ImageRow.isChosen(hash, share));
    }

    private void read(List<Integer> pending) throws IOException {
        if (pending.isEmpty()) {
            return;
        }
        int done = hashes.length - pending.size();
        progress.begin("indexing", done, hashes.length);
        int threads = Runtime.getRuntime().availableProcessors();
        long begun = System.nanoTime();
        // the loaders ask whether a hash is known while a segment is written: they get a set of their own
        Set<String> before = new HashSet<>();
        rows.keySet().stream().filter(this::isIndexed).forEach(before::add);
        try (ReadAhead<Read> ahead = new ReadAhead<>(
                0, pending.size(), p -> load(pending.get(p), before), threads, TOGETHER + 2 * threads)) {
            int seen = 0;
            while (seen < pending.size()) {
                Path target = folder.next();
                Segment.Writer writer = new Segment.Writer(target, network.dimension());
                long start = System.nanoTime();
                try (writer) {
                    while (seen < pending.size() && writer.size() < SEGMENT && System.nanoTime() - start < SEGMENT_NS) {
                        List<Read> some = ahead.next(Math.min(TOGETHER, SEGMENT - writer.size()));
                        add(writer, some);
                        seen += some.size();
                        double rate = 1e9 * seen / (System.nanoTime() - begun);
                        progress.advance(done + seen, Map.of("images_per_second", rate));
                    }
                    if (writer.size() > 0) {
                        writer.finish();
                    }
                }
                if (writer.size() > 0) {
                    take(Segment.open(target));
                }
            }
        }
        progress.end();
    }

    private Read load(int index, Set<String> before) {
        String stamp = ImageRow.stamp(source, index);
        try {
            byte[] file = source.encoded(index);
            String sha256 = Sha256.of(file);
            return before.contains(sha256)
                    ? new Read(index, stamp, sha256, null, "")
                    : new Read(index, stamp, sha256, network.see(file, source.name(index)), "");
        } catch (UnreadableImageException e) {
            return new Read(index, stamp, "", null, e.getMessage());
        }
    }

    private void add(Segment.Writer writer, List<Read> some) throws IOException {
        Map<String, Read> fresh = new LinkedHashMap<>();
        for (Read read : some) {
            if (!read.trouble.isEmpty()) {
                progress.say(read.trouble);
            }
            hashes[read.index] = read.sha256;
            if (read.seen != null && !isIndexed(read.sha256)) {
                fresh.putIfAbsent(read.sha256, read);
            }
        }
        List<PatchFeatures> features =
                network.features(fresh.values().stream().map(Read::seen).toList());
        int next = 0;
        for (Read read : fresh.values()) {
            ImageRow row = new ImageRow(read.stamp, read.sha256, read.seen.width(), read.seen.height(), -1, 0, 0);
            boolean chosen = ImageRow.isChosen(read.sha256, share);
            writer.add(row, features.get(next++), chosen, thumbnail(read.seen.pixels()));
        }
    }

    private static byte[] thumbnail(Image image) {
        return ImageEncoder.jpeg(fitting(image, SearchNetwork.THUMBNAIL));
    }

    /** The image with a longer side of at most so many pixels. */
    static Image fitting(Image image, int longest) {
        double scale = Math.min(1, (double) longest / Math.max(image.width(), image.height()));
        int width = (int) Math.max(1, Math.round(scale * image.width()));
        int height = (int) Math.max(1, Math.round(scale * image.height()));
        return BicubicResize.resizeCrop(image, width, height, new Box(0, 0, height, width));
    }

    /** Segments of which no image is left; one that is partly used stays as it is. */
    private void dropUnused(List<Segment> before) throws IOException {
        Set<Path> used = new HashSet<>();
        for (String hash : hashes) {
            if (rows.containsKey(hash)) {
                used.add(rows.get(hash).segment().folder());
            }
        }
        for (Segment segment : before) {
            if (!used.contains(segment.folder())) {
                FileTree.delete(segment.folder());
            }
        }
    }

    /** Where each image is, with null, which stays in this package, for one that cannot be read. */
    private List<Found> found() {
        List<Found> found = new ArrayList<>();
        for (String hash : hashes) {
            found.add(rows.get(hash));
        }
        if (found.stream().allMatch(f -> f == null)) {
            throw new IllegalArgumentException("none of the %d images can be read".formatted(hashes.length));
        }
        return found;
    }
}
