package io.dino4j.examples.serve;

import io.dino4j.data.Progress;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.vector.ArrayVectors;
import io.dino4j.data.vector.ExactNeighbors;
import io.dino4j.data.vector.LocalBlocks;
import io.dino4j.data.vector.Neighbors;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.Background;
import io.dino4j.zoo.picture.Framing;
import io.dino4j.zoo.picture.Parting;
import io.dino4j.zoo.picture.PatchPca;
import io.dino4j.zoo.picture.PcaPicture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Asks an index: the nearest pictures, patches alike, colours of patch features. Any number of threads may ask. */
final class ImageSearch {
    /** Images that the colours of patch features are found on. */
    private static final int PCA_IMAGES = 128;

    /** Pixels of the longer side of pictures to look at closely. */
    private static final int PICTURE = 1024;

    private static final int PCA_PICTURE = 512;

    private final ImageIndex index;
    private final SearchNetwork network;
    private PatchPca pca;

    /**
     * A picture that was found.
     *
     * @param image in the index
     * @param similarity cosine, -1 to 1
     */
    record Hit(int image, double similarity) {}

    /**
     * A picture with a patch that was found.
     *
     * @param image in the index
     * @param similarity cosine of its most similar patch
     * @param patch that one, counted row by row
     * @param heat {@code [rows * columns]} cosines of all its patches
     */
    record PatchHit(int image, double similarity, int patch, float[] heat) {}

    ImageSearch(ImageIndex index, SearchNetwork network) {
        this.index = index;
        this.network = network;
    }

    ImageIndex index() {
        return index;
    }

    SearchNetwork network() {
        return network;
    }

    /** How an image is seen by the network. */
    Framing framing(int image) {
        ImageRow row = index.entry(image).row();
        return network.framing(row.width(), row.height());
    }

    /**
     * The nearest pictures.
     *
     * @param embedding {@code [D]} of length 1
     * @param except is left out; -1 for none
     * @return the most similar first
     */
    List<Hit> nearest(float[] embedding, int k, int except) {
        int wanted = Math.min(index.size(), except < 0 ? k : k + 1);
        Neighbors found = new ExactNeighbors(LocalBlocks.of(index.embeddings()), wanted)
                .of(new ArrayVectors(embedding, embedding.length), Progress.SILENT);
        return IntStream.range(0, wanted)
                .filter(n -> found.index()[n] >= 0 && found.index()[n] != except)
                .limit(k)
                .mapToObj(n -> new Hit(found.index()[n], found.similarity()[n]))
                .toList();
    }

    /**
     * Images with patches alike.
     *
     * @param patch {@code [D]} of length 1
     * @param except is left out, and what is the same file; -1 for none
     * @return the most similar first
     */
    List<PatchHit> patches(float[] patch, int k, int except) {
        ImageIndex.PatchRows rows = index.patches();
        if (rows.size() == 0) {
            return List.of();
        }
        float[] best = LocalBlocks.of(rows).reduce(new BestPatch(rows, patch)).similarity();
        String own = except < 0 ? "" : index.entry(except).row().sha256();
        List<PatchHit> hits = new ArrayList<>();
        IntStream.range(0, best.length)
                .filter(s -> !index.entry(rows.entry(s)).row().sha256().equals(own))
                .boxed()
                .sorted(Comparator.comparingDouble(s -> -best[s]))
                .limit(k)
                .forEach(s -> hits.add(hit(rows.entry(s), patch)));
        return hits;
    }

    private PatchHit hit(int image, float[] patch) {
        float[] heat = heat(index.features(image, framing(image)), patch);
        int most = 0;
        for (int p = 1; p < heat.length; p++) {
            most = heat[p] > heat[most] ? p : most;
        }
        return new PatchHit(image, heat[most], most, heat);
    }

    /** Cosines of all patches of an image with a patch. */
    static float[] heat(PatchFeatures features, float[] patch) {
        int d = features.dimension();
        float[] heat = new float[features.numPatches()];
        for (int p = 0; p < heat.length; p++) {
            double sum = 0;
            for (int i = 0; i < d; i++) {
                sum += (double) features.patches()[p * d + i] * patch[i];
            }
            heat[p] = (float) sum;
        }
        return heat;
    }

    /**
     * Features of an image of the set: those that are kept, or worked out anew.
     *
     * @throws UnreadableImageException if they are not kept, and the image cannot be read any more
     */
    PatchFeatures features(int image) throws UnreadableImageException {
        if (index.hasPatches(image)) {
            return index.features(image, framing(image));
        }
        ImageIndex.Entry entry = index.entry(image);
        return network.features(network.see(index.source().encoded(entry.source()), entry.name()));
    }

    /** Features of an image as colours, which mean the same on all images of the set; some patches must be kept. */
    Image colors(PatchFeatures features) throws UnreadableImageException {
        double scale = (double) PCA_PICTURE / Math.max(features.gridWidth(), features.gridHeight());
        int width = (int) Math.round(scale * features.gridWidth());
        int height = (int) Math.round(scale * features.gridHeight());
        return new PcaPicture(pca(), Background.BLACK, true).draw(features, width, height);
    }

    private synchronized PatchPca pca() throws UnreadableImageException {
        if (pca == null) {
            List<Integer> kept = IntStream.range(0, index.size())
                    .filter(index::hasPatches)
                    .boxed()
                    .toList();
            List<PatchFeatures> sample = new ArrayList<>();
            int count = Math.min(PCA_IMAGES, kept.size());
            for (int i = 0; i < count; i++) {
                sample.add(features(kept.get((int) ((long) i * kept.size() / count))));
            }
            pca = PatchPca.fit(sample, sample, Parting.EACH, 0);
        }
        return pca;
    }

    /** Why patches can be neither searched nor coloured; empty if they can. */
    Optional<String> noPatches() {
        return index.withPatches() > 0
                ? Optional.empty()
                : Optional.of("no patch features are kept; start with a larger --patch-limit");
    }

    /**
     * An image, to be looked at closely.
     *
     * @throws UnreadableImageException if it cannot be read any more
     */
    Image picture(int image) throws UnreadableImageException {
        ImageIndex.Entry entry = index.entry(image);
        Reduction enough = (width, height) -> Reduction.atMost((double) Math.max(width, height) / PICTURE);
        byte[] file = index.source().encoded(entry.source());
        return Indexing.fitting(ImageDecoder.decode(file, entry.name(), enough), PICTURE);
    }
}
