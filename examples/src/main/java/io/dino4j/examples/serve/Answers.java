package io.dino4j.examples.serve;

import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.Framing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the server knows, in the words of its JSON; docs/serve.md lists them. */
final class Answers {
    private static final double ROUND = 1e4;

    private final ImageSearch search;
    private final CopyGroups copies;
    private final String name;

    /**
     * Answers about a set.
     *
     * @param name of the set, for people
     */
    Answers(ImageSearch search, CopyGroups copies, String name) {
        this.search = search;
        this.copies = copies;
        this.name = name;
    }

    /** A field and its value, and so on. */
    private static Map<String, Object> object(Object... fields) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            object.put((String) fields[i], fields[i + 1]);
        }
        return object;
    }

    Map<String, Object> set() {
        ImageIndex index = search.index();
        return object(
                "name", name,
                "images", index.size(),
                "unreadable", index.source().size() - index.size(),
                "with_patches", index.withPatches(),
                "size", search.network().size(),
                "patch_size", search.network().patchSize(),
                "dimension", search.network().dimension(),
                "most_upload_bytes", SearchHandler.MOST_UPLOAD);
    }

    /** Images in order, those whose names hold a text. */
    Map<String, Object> images(int from, int count, String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        List<Map<String, Object>> some = new ArrayList<>();
        int total = 0;
        for (int i = 0; i < search.index().size(); i++) {
            if (search.index().entry(i).name().toLowerCase(Locale.ROOT).contains(wanted)) {
                if (total >= from && some.size() < count) {
                    some.add(small(i));
                }
                total++;
            }
        }
        return object("total", total, "from", from, "images", some);
    }

    /** What a tile shows of an image. */
    private Map<String, Object> small(int i) {
        ImageRow row = search.index().entry(i).row();
        String version = row.sha256().substring(0, 8);
        return object(
                "image",
                i,
                "name",
                search.index().entry(i).name(),
                "width",
                row.width(),
                "height",
                row.height(),
                "thumbnail",
                "/api/images/%d/thumbnail.jpg?v=%s".formatted(i, version));
    }

    Map<String, Object> image(int i) {
        ImageRow row = search.index().entry(i).row();
        Map<String, Object> image = small(i);
        String version = row.sha256().substring(0, 8);
        image.put("picture", "/api/images/%d/picture.jpg?v=%s".formatted(i, version));
        image.put("pca", "/api/images/%d/pca.png?v=%s".formatted(i, version));
        image.put("sha256", row.sha256());
        image.put("patches_kept", search.index().hasPatches(i));
        image.put("grid", grid(row.width(), row.height()));
        return image;
    }

    /** Patches, and the part of the image that they cover, in parts of its sides. */
    private Map<String, Object> grid(int width, int height) {
        Framing framing = search.network().framing(width, height);
        return object(
                "rows", framing.gridHeight(),
                "columns", framing.gridWidth(),
                "left", rounded((double) framing.box().left() / width),
                "top", rounded((double) framing.box().top() / height),
                "width", rounded((double) framing.box().width() / width),
                "height", rounded((double) framing.box().height() / height));
    }

    Map<String, Object> neighbours(int i, int k) {
        return object(
                "image", i, "neighbours", hits(search.nearest(search.index().embedding(i), k, i)));
    }

    /** The nearest of an image that is not of the set. */
    Map<String, Object> neighbours(SearchNetwork.Seen seen, int k) {
        float[] embedding = search.network().features(seen).cls();
        return object(
                "width", seen.width(),
                "height", seen.height(),
                "grid", grid(seen.width(), seen.height()),
                "neighbours", hits(search.nearest(embedding, k, -1)));
    }

    private List<Map<String, Object>> hits(List<ImageSearch.Hit> found) {
        List<Map<String, Object>> hits = new ArrayList<>();
        for (ImageSearch.Hit hit : found) {
            Map<String, Object> tile = small(hit.image());
            tile.put("similarity", rounded(hit.similarity()));
            hits.add(tile);
        }
        return hits;
    }

    /** Patches like one of an image of the set. */
    Map<String, Object> patches(int i, int row, int column, int k) throws Refusal, UnreadableImageException {
        return patches(search.features(i), row, column, k, i);
    }

    /** Patches like one of an image that is not of the set. */
    Map<String, Object> patches(SearchNetwork.Seen seen, int row, int column, int k) throws Refusal {
        return patches(search.network().features(seen), row, column, k, -1);
    }

    private Map<String, Object> patches(PatchFeatures features, int row, int column, int k, int except) throws Refusal {
        if (row >= features.gridHeight() || column >= features.gridWidth()) {
            throw new Refusal(
                    404,
                    "there is no patch %d, %d: the image has %d rows of %d"
                            .formatted(row, column, features.gridHeight(), features.gridWidth()));
        }
        requirePatches();
        float[] patch = features.patch(row, column);
        List<Map<String, Object>> hits = new ArrayList<>();
        for (ImageSearch.PatchHit hit : search.patches(patch, k, except)) {
            Map<String, Object> tile = small(hit.image());
            ImageRow image = search.index().entry(hit.image()).row();
            Map<String, Object> grid = grid(image.width(), image.height());
            int columns = (int) grid.get("columns");
            tile.put("similarity", rounded(hit.similarity()));
            tile.put("row", hit.patch() / columns);
            tile.put("column", hit.patch() % columns);
            tile.put("grid", grid);
            tile.put("heat", rounded(hit.heat()));
            hits.add(tile);
        }
        return object(
                "row", row,
                "column", column,
                "heat", rounded(ImageSearch.heat(features, patch)),
                "hits", hits);
    }

    /** Whether there are patches to search and to colour. */
    void requirePatches() throws Refusal {
        if (search.noPatches().isPresent()) {
            throw new Refusal(409, search.noPatches().get());
        }
    }

    Map<String, Object> duplicates() {
        CopyGroups.State state = copies.look();
        List<Object> groups = new ArrayList<>();
        for (List<Integer> group : state.groups()) {
            groups.add(group.stream().map(this::small).toList());
        }
        return object(
                "state", state.state(),
                "task", state.task(),
                "done", state.done(),
                "total", state.total(),
                "seconds_left", state.secondsLeft() < 0 ? -1 : Math.round(state.secondsLeft()),
                "groups", groups);
    }

    private static double rounded(double value) {
        return Math.round(ROUND * value) / ROUND;
    }

    private static double[] rounded(float[] values) {
        double[] rounded = new double[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = rounded(values[i]);
        }
        return rounded;
    }
}
