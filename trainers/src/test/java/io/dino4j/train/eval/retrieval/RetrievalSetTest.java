package io.dino4j.train.eval.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of what is right, in their formats. */
final class RetrievalSetTest {
    @TempDir
    private Path dir;

    private void image(String name) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, ImageEncoder.png(new Image(40, 24, new byte[3 * 40 * 24])));
    }

    private void labels(String... rows) throws IOException {
        Files.writeString(dir.resolve("labels.csv"), "image,landmark,role\n" + String.join("\n", rows) + "\n");
        for (String row : rows) {
            image(row.substring(0, row.indexOf(',')));
        }
    }

    private String refused(boolean leaveOneOut) {
        return assertThrows(IllegalArgumentException.class, () -> RetrievalSet.open(dir, leaveOneOut))
                .getMessage();
    }

    @Test
    void placesByRoleAndLeavingOneOut() throws IOException {
        labels("a1.png,a,query", "a2.png,a,database", "x.png,,distractor", "b1.png,b,database", "a3.png,a,database");
        RetrievalSet set = RetrievalSet.open(dir, false);
        assertEquals(List.of("a1.png"), set.names());
        assertEquals(4, set.database().size());
        Relevance truth = set.setups().get("").get(0);
        assertArrayEquals(new int[] {0, 3}, truth.positives());
        assertArrayEquals(new int[0], truth.junk());

        List<Relevance> all = RetrievalSet.open(dir, true).setups().get("");
        assertArrayEquals(new int[] {1, 4}, all.get(0).positives());
        assertArrayEquals(new int[] {0}, all.get(0).junk()); // a photo does not find itself
        assertArrayEquals(new int[] {0, 1}, all.get(4).positives());
        assertTrue(!all.get(2).isAnswerable() && !all.get(3).isAnswerable());
    }

    @Test
    void aQueryWithNothingToFindIsAnError() throws IOException {
        labels("a1.png,a,query", "b1.png,b,database");
        assertTrue(refused(false).contains("no image of the database shows 'a'"), refused(false));
        assertTrue(refused(true).contains("none of the 2 queries"), refused(true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "image,place,role;a.png,a,query | row 1 has no 'landmark'",
                "image,landmark,role | has no rows",
                "image,landmark,role;a.png,a,ask | the role of a.png is 'ask'",
                "image,landmark,role;none.png,a,query | names the image 'none.png'",
                "image,landmark,role;a.png,a,query | has 1 queries and 0 other images"
            })
    void oneLineSaysWhatIsWrong(String content, String message) throws IOException {
        image("a.png");
        Files.writeString(dir.resolve("labels.csv"), content.replace(';', '\n') + "\n");
        assertTrue(refused(false).contains(message), refused(false));
        assertTrue(refused(false).contains("labels.csv"), refused(false));
    }

    /** Made by Python's pickle with lists, tuples, and numpy's arrays and numbers. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void picklesOfEveryProtocol(int protocol) throws IOException {
        try (InputStream in =
                RetrievalSetTest.class.getResourceAsStream("/retrieval/gnd_protocol" + protocol + ".pkl")) {
            Files.write(dir.resolve("gnd_rtest.pkl"), in.readAllBytes());
        }
        assertRevisited();
    }

    @Test
    void theSameAsJson() throws IOException {
        Files.writeString(
                dir.resolve("gnd_rtest.json"),
                """
                {"imlist": ["a", "b", "c", "d"], "qimlist": ["q0", "q1"], "gnd": [
                  {"bbx": [1.4, 2.0, 30.6, 20.0], "easy": [0], "hard": [2], "junk": []},
                  {"bbx": [0, 0, 16, 16], "easy": [], "hard": [3], "junk": [1]}]}
                """);
        assertRevisited();
    }

    private void assertRevisited() throws IOException {
        for (String name : List.of("a", "b", "c", "d", "q0", "q1")) {
            image("jpg/" + name + ".jpg");
        }
        RetrievalSet set = RetrievalSet.open(dir, false);
        assertEquals("revisited test", set.name());
        assertEquals(List.of("medium", "hard", "easy"), List.copyOf(set.setups().keySet()));
        assertTruth(set, "medium", 0, new int[] {0, 2}, new int[0]);
        assertTruth(set, "hard", 0, new int[] {2}, new int[] {0});
        assertTruth(set, "easy", 0, new int[] {0}, new int[] {2});
        assertTruth(set, "medium", 1, new int[] {3}, new int[] {1});
        assertTruth(set, "easy", 1, new int[0], new int[] {1, 3}); // not part of that setup
        Image part = set.queries().read(0);
        assertEquals("30x18", part.width() + "x" + part.height());
        assertTrue(set.queries().location(0).isEmpty());
        assertEquals(40, set.database().read(0).width());
    }

    private static void assertTruth(RetrievalSet set, String setup, int query, int[] right, int[] junk) {
        Relevance truth = set.setups().get(setup).get(query);
        assertArrayEquals(right, truth.positives());
        assertArrayEquals(junk, truth.junk());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cos;system;(S'true';tR. | name 'os.system' is refused",
                "cposix;system;. | name 'posix.system' is refused",
                "c__builtin__;eval;. | name '__builtin__.eval' is refused",
                "(dp0;S'imlist'; | the pickle ends too early",
                "(I1;i. | opcode 0x69 is refused",
                "]. | has no 'qimlist'"
            })
    void whatRunsIsRefused(String pickle, String message) throws IOException {
        Files.write(dir.resolve("gnd_x.pkl"), pickle.replace(';', '\n').getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refused(false).contains(message), refused(false));
        assertTrue(refused(false).contains("gnd_x.pkl"), refused(false));
    }
}
