package io.dino4j.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageFolderTest {
    @TempDir
    private Path dir;

    @Test
    void findsImagesInAFixedOrderWithTheirClasses() throws IOException {
        for (String name : List.of(
                "dog/b.PNG",
                "cat/z.jpg",
                "cat/deep/a.JPEG",
                "top.png",
                "dog/.hidden.png",
                ".git/c.png",
                "cat/notes.txt",
                "cat/jpg")) {
            Path file = dir.resolve(name);
            if (name.toLowerCase().matches(".*\\.(png|jpe?g)")) {
                Pictures.write(file, Pictures.picture(8, 8, 1));
            } else {
                Files.createDirectories(file.getParent());
                Files.writeString(file, "x");
            }
        }
        ImageFolder folder = new ImageFolder(dir);
        List<String> names = IntStream.range(0, folder.size())
                .mapToObj(
                        i -> dir.relativize(Path.of(folder.name(i))).toString().replace('\\', '/'))
                .toList();
        assertEquals(List.of("cat/deep/a.JPEG", "cat/z.jpg", "dog/b.PNG", "top.png"), names);
        assertEquals(List.of("cat", "dog"), folder.classes());
        assertEquals(
                List.of(0, 0, 1, -1),
                IntStream.range(0, 4).map(folder::label).boxed().toList());
        for (int i = 0; i < folder.size(); i++) {
            assertEquals(8, folder.read(i).width());
        }
    }

    @Test
    void linksAreFollowedAndLoopsAreCut() throws IOException {
        Path real = dir.resolve("real");
        Pictures.write(real.resolve("a/x.png"), Pictures.picture(8, 8, 1));
        Path root = Files.createDirectories(dir.resolve("root"));
        Files.createSymbolicLink(root.resolve("linked"), real.resolve("a"));
        Files.createSymbolicLink(real.resolve("a/loop"), real.resolve("a"));
        assertEquals(1, new ImageFolder(root).size());
    }

    @Test
    void namesOfAllKindsAndEmptyFilesAreListed() throws IOException {
        List<String> names =
                List.of("a b/c d.jpg", "a-b/1.png", "a/1.png", "ä/甲 ö.png", "z/\uFF5A.png", "z/\uD83D\uDC31.png");
        for (String name : names) {
            Pictures.write(dir.resolve("x.png"), Pictures.picture(8, 8, 1));
            Path file = dir.resolve(name);
            Files.createDirectories(file.getParent());
            Files.move(dir.resolve("x.png"), file);
        }
        Path empty = Files.createFile(dir.resolve("zero.png"));
        Path gone = Files.createSymbolicLink(dir.resolve("zz.png"), dir.resolve("nowhere"));
        ImageFolder folder = new ImageFolder(dir);
        List<String> expected = Stream.concat(names.stream(), Stream.of("zero.png", "zz.png"))
                .sorted()
                .toList();
        for (int i = 0; i < folder.size(); i++) {
            assertEquals(dir.resolve(expected.get(i)).toString(), folder.name(i));
        }
        assertEquals(expected.size(), folder.size());
        assertEquals(List.of("a", "a b", "a-b", "z", "ä"), folder.classes());
        assertEquals(8, folder.read(3).width());
        for (Path bad : List.of(empty, gone)) {
            int i = expected.indexOf(bad.getFileName().toString());
            UnreadableImageException e = assertThrows(UnreadableImageException.class, () -> folder.read(i));
            assertTrue(e.getMessage().startsWith(bad + ": "), e.getMessage());
            assertEquals(-1, folder.label(i));
        }
    }

    @Test
    void whatIsNotAFolderOfImagesIsNamedInOneLine() throws IOException {
        Path empty = Files.createDirectories(dir.resolve("empty"));
        Path file = Files.writeString(dir.resolve("file.txt"), "x");
        for (Path path : List.of(empty, file, dir.resolve("missing"))) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new ImageFolder(path));
            assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
            assertTrue(e.getMessage().contains("expected"), e.getMessage());
            assertFalse(e.getMessage().contains("\n"));
        }
    }

    @Test
    void theCacheKeepsWhatFitsAndReturnsTheSamePixels() throws IOException {
        for (int i = 0; i < 4; i++) {
            Pictures.write(dir.resolve(i + ".png"), Pictures.picture(10, 10, i));
        }
        ImageFolder folder = new ImageFolder(dir);
        CachedImages cached = new CachedImages(folder, Reduction.NONE, 650); // room for two images of 300 bytes
        int same = 0;
        for (int i = 0; i < 4; i++) {
            assertEquals(folder.read(i), cached.read(i));
            same += cached.read(i) == cached.read(i) ? 1 : 0;
        }
        assertEquals(2, same);
    }
}
