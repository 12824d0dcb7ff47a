package io.dino4j.data.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Images in tar archives, in the layout of WebDataset: members whose paths are equal up to the first dot of the file name belong together. An
 * image ends in .jpg, .jpeg or .png; its class is in a member ending in .cls, a number or a text, or in .json under {@code label} or
 * {@code cls}. Other members are left out.
 *
 * <p>The headers are walked when the archives are opened; images are then read in any order.
 */
public final class TarShards implements ImageSource {
    private static final Set<String> IMAGES = Set.of("jpg", "jpeg", "png");
    private static final JsonFactory JSON = new JsonFactory();

    private final List<Path> shards;
    private final Names members = new Names();
    private final Labels labels;
    private final Runs runs;

    private int size;
    private int[] shard = new int[16];
    private int[] member = new int[16];
    private long[] offset = new long[16];
    private long[] length = new long[16];
    private int[] found = new int[16];

    /**
     * Lists archives; no image is read yet.
     *
     * @param shards tar files, in the order of their images
     * @param warnings receives one line for each archive that is cut off or damaged: the images before that place are used
     * @throws IllegalArgumentException if there is no image in them, or a file is missing or no tar archive at all
     */
    public TarShards(List<Path> shards, Consumer<String> warnings) {
        this.shards = List.copyOf(shards);
        Names classes = new Names();
        Grouping grouping = new Grouping(classes);
        for (int i = 0; i < shards.size(); i++) {
            grouping.begin(i);
            int before = size;
            try {
                TarWalk.over(shards.get(i), grouping);
                grouping.flush();
            } catch (IOException e) {
                grouping.flush();
                if (e instanceof TarWalk.NoArchiveException
                        || e instanceof FileSystemException
                        || size == before && shards.size() == 1) {
                    throw new IllegalArgumentException(Reasons.of(shards.get(i), e), e);
                }
                warnings.accept("%s; its %d images before that are used"
                        .formatted(Reasons.of(shards.get(i), e), size - before));
            }
        }
        if (size == 0) {
            throw new IllegalArgumentException(
                    "%s: no images found in %d tar archive(s); expected members ending in .jpg, .jpeg or .png"
                            .formatted(shards.isEmpty() ? "tar archives" : shards.get(0), shards.size()));
        }
        grouping.tellIgnored(warnings);
        members.freeze();
        resize(size);
        labels = new Labels(classes, found);
        runs = Runs.ofStretches(size, i -> shard[i], i -> length[i]);
    }

    /** Members come in groups, label before or behind the image. */
    private final class Grouping implements TarWalk.Members {
        private final Names classes;
        private int current;
        private String key = "";
        private int image = -1;
        private String label = "";
        private int ignored;
        private String example = "";

        Grouping(Names classes) {
            this.classes = classes;
        }

        void begin(int shard) {
            current = shard;
        }

        @Override
        public void accept(String name, long at, long bytes, TarWalk.Content content) throws IOException {
            int slash = name.lastIndexOf('/');
            int dot = name.indexOf('.', slash + 1);
            if (dot <= slash + 1) {
                return; // hidden, or without an ending
            }
            String next = name.substring(0, dot);
            if (!next.equals(key)) {
                flush();
                key = next;
            }
            String ending = name.substring(dot + 1).toLowerCase(Locale.ROOT);
            if (IMAGES.contains(ending) && image < 0) {
                image = add(current, name, at, bytes);
            } else if (ending.equals("cls")) {
                label = new String(content.read(), StandardCharsets.UTF_8).strip();
            } else if (ending.equals("json") && label.isEmpty()) {
                label = jsonLabel(content.read());
            } else if (IMAGES.contains(ending.substring(ending.lastIndexOf('.') + 1))) {
                example = ignored++ == 0 ? name : example;
            }
        }

        void flush() {
            if (image >= 0 && !label.isEmpty()) {
                found[image] = classes.add(label);
            }
            key = "";
            image = -1;
            label = "";
        }

        void tellIgnored(Consumer<String> warnings) {
            if (ignored > 0) {
                warnings.accept(
                        "%d members such as %s are left out: only the first image of a name up to its first dot is used"
                                .formatted(ignored, example));
            }
        }
    }

    private int add(int inShard, String name, long at, long bytes) {
        if (size == shard.length) {
            resize(Math.addExact(size, size >> 1));
        }
        shard[size] = inShard;
        member[size] = members.add(name);
        offset[size] = at;
        length[size] = bytes;
        found[size] = -1;
        return size++;
    }

    private void resize(int room) {
        shard = Arrays.copyOf(shard, room);
        member = Arrays.copyOf(member, room);
        offset = Arrays.copyOf(offset, room);
        length = Arrays.copyOf(length, room);
        found = Arrays.copyOf(found, room);
    }

    /** The scalar under {@code label} or {@code cls} of an object; empty if there is none, or the text is no JSON. */
    private static String jsonLabel(byte[] json) {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return "";
            }
            String label = "";
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value.isScalarValue() && value != JsonToken.VALUE_NULL && isLabel(name, label)) {
                    label = parser.getText().strip();
                }
                parser.skipChildren();
            }
            return label;
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean isLabel(String name, String before) {
        return name.equals("label") || name.equals("cls") && before.isEmpty();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return Stretches.read(shards.get(shard[i]), offset[i], length[i], name(i));
    }

    @Override
    public Optional<Location> location(int i) {
        return length[i] == 0
                ? Optional.empty()
                : Optional.of(new Location.Stretch(shards.get(shard[i]), offset[i], length[i]));
    }

    /** Returns the archive's path, a slash and the member's path. */
    @Override
    public String name(int i) {
        return shards.get(shard[i]) + "/" + members.get(member[i]);
    }

    @Override
    public int label(int i) {
        return labels.of(i);
    }

    @Override
    public List<String> classes() {
        return labels.classes();
    }

    @Override
    public Optional<Runs> runs() {
        return Optional.of(runs);
    }
}
