package io.dino4j.train.eval.retrieval;

import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Images of places with a list of them, {@code labels.csv}: image, landmark, role (query, database or distractor).
 *
 * @param list the file
 * @param files {@code N} images
 * @param names as listed
 * @param places what each shows; a distractor shows none
 * @param roles of each
 */
record Landmarks(Path list, List<Path> files, List<String> names, List<String> places, List<Role> roles) {
    static final String LIST = "labels.csv";

    /** What an image is for. */
    enum Role {
        /** Searched for. */
        QUERY,
        /** Found. */
        DATABASE,
        /** Never right. */
        DISTRACTOR
    }

    /**
     * Reads the list of a folder.
     *
     * @throws IllegalArgumentException naming the list and what is wrong
     */
    static Landmarks read(Path folder) throws IOException {
        Path list = folder.resolve(LIST);
        List<Path> files = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> places = new ArrayList<>();
        List<Role> roles = new ArrayList<>();
        for (Map<String, String> row : CsvRows.read(list, List.of("image", "landmark", "role"))) {
            names.add(row.get("image"));
            files.add(ListedImages.file(folder, row.get("image"), list));
            places.add(row.get("landmark"));
            roles.add(role(row, list));
        }
        return new Landmarks(list, files, names, places, roles);
    }

    private static Role role(Map<String, String> row, Path list) {
        for (Role role : Role.values()) {
            if (role.name().equalsIgnoreCase(row.get("role"))) {
                return role;
            }
        }
        throw new IllegalArgumentException("%s: the role of %s is '%s'; expected query, database or distractor"
                .formatted(list, row.get("image"), row.get("role")));
    }

    /**
     * The queries against everything else.
     *
     * @throws IllegalArgumentException if there is no query, or nothing to find for one
     */
    RetrievalSet byRole() {
        int[] queries = having(i -> roles.get(i) == Role.QUERY);
        int[] database = having(i -> roles.get(i) != Role.QUERY);
        if (queries.length == 0 || database.length == 0) {
            throw new IllegalArgumentException("%s: has %d queries and %d other images; expected some of both"
                    .formatted(list, queries.length, database.length));
        }
        List<Relevance> truth = new ArrayList<>();
        for (int q : queries) {
            int[] right = IntStream.range(0, database.length)
                    .filter(d -> roles.get(database[d]) == Role.DATABASE
                            && places.get(database[d]).equals(places.get(q)))
                    .toArray();
            if (right.length == 0) {
                throw new IllegalArgumentException(
                        "%s: no image of the database shows '%s', which the query %s asks for"
                                .formatted(list, places.get(q), names.get(q)));
            }
            truth.add(new Relevance(right, new int[0]));
        }
        return new RetrievalSet("retrieval", images(queries), names(queries), images(database), Map.of("", truth));
    }

    /** Every image of a place against all others; images of places with no other are searched, but not searched for. */
    RetrievalSet leaveOneOut() {
        ImageSource all = ListedImages.whole(files);
        List<Relevance> truth = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            int self = i;
            int[] right = roles.get(i) == Role.DISTRACTOR
                    ? new int[0]
                    : having(o -> o != self
                            && roles.get(o) != Role.DISTRACTOR
                            && places.get(o).equals(places.get(self)));
            truth.add(new Relevance(right, new int[] {i}));
        }
        return new RetrievalSet("retrieval, leave one out", all, names, all, Map.of("", truth));
    }

    private int[] having(IntPredicate property) {
        return IntStream.range(0, files.size()).filter(property).toArray();
    }

    private List<String> names(int[] positions) {
        return IntStream.of(positions).mapToObj(names::get).toList();
    }

    private ImageSource images(int[] positions) {
        return ListedImages.whole(IntStream.of(positions).mapToObj(files::get).toList());
    }
}
