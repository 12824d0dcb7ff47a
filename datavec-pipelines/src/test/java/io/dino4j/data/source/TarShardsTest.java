package io.dino4j.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TarShardsTest {
    private static final byte[] PNG = png(1);
    private static final byte[] OTHER = png(2);

    @TempDir
    private Path dir;

    private final List<String> warnings = new ArrayList<>();

    private static byte[] png(int seed) {
        return ImageEncoder.png(Pictures.picture(9 + seed, 7, seed));
    }

    private TarShards open(Path... shards) {
        return new TarShards(List.of(shards), warnings::add);
    }

    private List<String> names(ImageSource source) {
        return IntStream.range(0, source.size())
                .mapToObj(i -> source.name(i).substring(dir.toString().length() + 1))
                .toList();
    }

    private static List<Integer> labels(ImageSource source) {
        return IntStream.range(0, source.size()).mapToObj(source::label).toList();
    }

    @Test
    void membersWithOneNameBelongTogether() throws IOException {
        Path a = new Tar()
                .member("data/", '5', 0, new byte[0])
                .add("data/0001.cls", " zebra\n")
                .add("data/0001.jpg", PNG)
                .add("data/0001.txt", "a caption")
                .add("data/0002.PNG", OTHER)
                .add("data/0002.json", "{\"a\": {\"label\": 1}, \"cls\": 5, \"label\": \"ape\"}")
                .add("data/0003.json", "{\"cls\": 7}")
                .add("data/0003.jpeg", PNG)
                .write(dir.resolve("a b/ä.tar"));
        Path b = new Tar()
                .add("0001.jpg", OTHER)
                .add("0002.json", "no json")
                .add("0002.jpg", PNG)
                .add("0003.cls", "ape")
                .add("0003.jpg", PNG)
                .add(".hidden.jpg", PNG)
                .add("x.seg.png", PNG)
                .write(dir.resolve("b.tar"));
        TarShards shards = open(a, b);
        assertEquals(
                List.of(
                        "a b/ä.tar/data/0001.jpg",
                        "a b/ä.tar/data/0002.PNG",
                        "a b/ä.tar/data/0003.jpeg",
                        "b.tar/0001.jpg",
                        "b.tar/0002.jpg",
                        "b.tar/0003.jpg"),
                names(shards));
        assertEquals(List.of("7", "ape", "zebra"), shards.classes());
        assertEquals(List.of(2, 1, 0, -1, -1, 1), labels(shards));
        assertArrayEquals(PNG, shards.encoded(0));
        assertArrayEquals(OTHER, shards.encoded(3));
        assertEquals(11, shards.read(1).width());
        Location.Stretch stretch = (Location.Stretch) shards.location(1).orElseThrow();
        byte[] file = Files.readAllBytes(stretch.file());
        assertArrayEquals(
                OTHER, Arrays.copyOfRange(file, (int) stretch.offset(), (int) (stretch.offset() + stretch.length())));
        assertEquals(
                List.of(
                        "1 members such as x.seg.png are left out: only the first image of a name up to its first dot is used"),
                warnings);
        assertArrayEquals(new int[] {0, 3}, shards.runs().orElseThrow().starts());
    }

    @Test
    void longNamesOfBothKindsAreRead() throws IOException {
        String longName = "ö".repeat(120) + "/" + "x".repeat(150);
        byte[] ustar = new byte[512];
        Tar.put(ustar, 0, "name.jpg");
        Tar.put(ustar, 124, "%011o\0".formatted(PNG.length));
        ustar[156] = '0';
        Tar.put(ustar, 257, "ustar\00000");
        Tar.put(ustar, 345, "folder/of/prefix");
        Tar tar = new Tar()
                .addGnu(longName + ".jpg", PNG)
                .addPax(longName + "2.jpg", OTHER)
                .add("plain.jpg", PNG);
        byte[] large = new byte[512];
        Tar.put(large, 0, "base256.jpg");
        large[124] = (byte) 0x80;
        large[134] = (byte) (PNG.length >> 8);
        large[135] = (byte) PNG.length;
        large[156] = '0';
        Tar.put(large, 257, "ustar  \0");
        byte[] padded = Arrays.copyOf(PNG, (PNG.length + 511) / 512 * 512);
        byte[] more = new Tar().header(ustar).bytes();
        Path file = dir.resolve("long.tar");
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        all.writeBytes(tar.bytes());
        all.writeBytes(more);
        all.writeBytes(padded);
        all.writeBytes(new Tar().header(large).bytes());
        all.writeBytes(padded);
        Files.write(file, all.toByteArray()); // without the two blocks of zeros
        TarShards shards = open(file);
        assertEquals(
                List.of(
                        "long.tar/" + longName + ".jpg",
                        "long.tar/" + longName + "2.jpg",
                        "long.tar/plain.jpg",
                        "long.tar/folder/of/prefix/name.jpg",
                        "long.tar/base256.jpg"),
                names(shards));
        assertArrayEquals(OTHER, shards.encoded(1));
        assertArrayEquals(PNG, shards.encoded(3));
        assertArrayEquals(PNG, shards.encoded(4));
        assertEquals(List.of(), warnings);
    }

    @Test
    void whatComesBeforeTheCutIsUsed() throws IOException {
        Path good = new Tar().add("1.jpg", PNG).add("2.jpg", OTHER).write(dir.resolve("good.tar"));
        byte[] bytes = Files.readAllBytes(good);
        int second = 512 + (PNG.length + 511) / 512 * 512;
        Path cut = Files.write(dir.resolve("cut.tar"), Arrays.copyOf(bytes, second + 600));
        TarShards shards = open(cut);
        assertEquals(1, shards.size());
        assertArrayEquals(PNG, shards.encoded(0));
        assertEquals(
                List.of(
                        "%s: truncated: it has %d bytes, and '2.jpg', a member of %d bytes begins at %d; its 1 images before that are used"
                                .formatted(cut, second + 600, OTHER.length, second)),
                warnings);
        warnings.clear();
        byte[] garbled = bytes.clone();
        garbled[second + 1]++;
        Path bad = Files.write(dir.resolve("bad.tar"), garbled);
        assertEquals(3, open(bad, good).size());
        assertEquals(
                List.of("%s: damaged at byte %d: no header of a member; its 1 images before that are used"
                        .formatted(bad, second)),
                warnings);
    }

    @Test
    void aSizeIsNotBelieved() throws IOException {
        for (long size : new long[] {1L << 32, (1L << 33) - 1, 5000}) {
            Path file = dir.resolve("lie.tar");
            Files.write(file, new Tar().member("1.jpg", '0', size, PNG).bytes());
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> open(file));
            assertTrue(e.getMessage().startsWith(file + ": truncated: it has "), e.getMessage());
        }
    }

    @Test
    void whatIsNoArchiveSaysSo() throws IOException {
        Path gz = Files.write(dir.resolve("a.tar.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 0});
        assertFailure(
                gz + ": is compressed; members of plain .tar files alone can be read in any order, so unpack it once",
                gz);
        Path text = Files.writeString(dir.resolve("a.tar"), "x".repeat(2000));
        assertFailure(text + ": is no tar archive", text);
        Path empty = Files.writeString(dir.resolve("empty.tar"), "");
        assertFailure(empty + ": is no tar archive", empty);
        Path none = new Tar().add("a.txt", "x").write(dir.resolve("none.tar"));
        assertFailure(
                none + ": no images found in 1 tar archive(s); expected members ending in .jpg, .jpeg or .png", none);
        assertFailure(dir.resolve("missing.tar") + ": no such file", dir.resolve("missing.tar"));
        Path good = new Tar().add("1.jpg", PNG).write(dir.resolve("good.tar"));
        for (Path bad : List.of(gz, text, dir.resolve("missing.tar"))) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> open(good, bad));
            assertTrue(e.getMessage().startsWith(bad + ": "), e.getMessage());
        }
    }

    private void assertFailure(String message, Path file) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> open(file));
        assertEquals(message, e.getMessage());
    }

    @Test
    void emptyMembersAndFilesThatBecomeShorterAreUnreadable() throws IOException {
        Path file = new Tar().add("1.jpg", "").add("2.jpg", PNG).write(dir.resolve("a.tar"));
        TarShards shards = open(file);
        UnreadableImageException e = assertThrows(UnreadableImageException.class, () -> shards.read(0));
        assertEquals(file + "/1.jpg: the file is empty", e.getMessage());
        assertTrue(shards.location(0).isEmpty());
        Pictures.truncate(file, 0.3);
        assertThrows(UnreadableImageException.class, () -> shards.read(1));
        Files.delete(file);
        assertEquals(
                file + "/2.jpg: cannot be read (NoSuchFileException)",
                assertThrows(UnreadableImageException.class, () -> shards.read(1))
                        .getMessage());
    }

    /** A damaged archive gives images or one line, whatever its bytes. */
    @Test
    void damagedArchivesGiveOneLine() throws IOException {
        byte[] good = Files.readAllBytes(new Tar()
                .add("1.jpg", PNG)
                .add("1.json", "{\"label\": 3}")
                .addGnu("long/" + "x".repeat(120) + ".jpg", OTHER)
                .addPax("ä".repeat(90) + ".png", PNG)
                .add("4.cls", "4")
                .add("4.jpg", PNG)
                .write(dir.resolve("good.tar")));
        SplittableRandom random = new SplittableRandom(5);
        Path file = dir.resolve("mutant.tar");
        for (int round = 0; round < 2000; round++) {
            byte[] bad = good.clone();
            for (int k = 0; k <= round % 4; k++) {
                int block = 512 * random.nextInt(bad.length / 512);
                int at = block + (round % 2 == 0 ? 100 + random.nextInt(60) : random.nextInt(512));
                bad[at] = (byte) random.nextInt(256);
                if (round % 3 > 0) {
                    repair(bad, block);
                }
            }
            Files.write(file, Arrays.copyOf(bad, round % 5 == 0 ? random.nextInt(bad.length) : bad.length));
            warnings.clear();
            try {
                TarShards shards = open(file);
                for (int i = 0; i < shards.size(); i++) {
                    shards.encoded(i);
                }
                for (String warning : warnings) {
                    assertEquals(1, warning.lines().count(), warning);
                }
            } catch (IllegalArgumentException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), e::getMessage);
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }

    /** Makes the sum of a header right again, so that the damage is looked at. */
    private static void repair(byte[] bytes, int block) {
        int sum = 8 * ' ';
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? 0 : bytes[block + i] & 0xff;
        }
        byte[] text = "%06o\0 ".formatted(sum).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, bytes, block + 148, 8);
    }
}
