package io.dino4j.data.source;

import io.dino4j.data.file.Durable;
import io.dino4j.data.parquet.ParquetInput;
import io.dino4j.data.parquet.ParquetOutput;
import io.dino4j.data.parquet.ParquetOutput.Fields;
import io.dino4j.data.parquet.ParquetOutput.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** A manifest as a Parquet table, whose columns have plain types that every reader of tables knows. */
final class ManifestFile {
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("message manifest {"
            + " required binary path (STRING); optional int64 offset; optional int64 row;"
            + " required int32 width; required int32 height; required int64 bytes;"
            + " required binary sha256 (STRING); optional binary label (STRING); required float weight; }");

    static final List<String> NEEDED = List.of("path", "width", "height", "bytes", "sha256");

    private ManifestFile() {}

    /** Whether a Parquet file has the columns of a manifest. */
    static boolean isManifest(MessageType schema) {
        return NEEDED.stream().allMatch(schema::containsField);
    }

    static void write(Manifest manifest, Path file) throws IOException {
        Path absolute = file.toAbsolutePath().normalize();
        Path folder = absolute.getParent();
        if (folder == null) {
            throw new IOException(file + ": is no name for a file");
        }
        Durable.write(file, draft -> {
            Files.createDirectories(folder);
            writeRows(manifest, draft, folder);
        });
    }

    private static void writeRows(Manifest manifest, Path draft, Path folder) throws IOException {
        ManifestColumns c = manifest.columns();
        StoredPath path = new StoredPath(manifest, folder);
        try (ParquetOutput<Integer> out = ParquetOutput.open(
                draft, SCHEMA, Packing.DICTIONARY_ZSTD, (row, to) -> write(manifest, row, path, to))) {
            for (int i = 0; i < c.size; i++) {
                out.write(i);
            }
        }
    }

    private static void write(Manifest manifest, int i, StoredPath path, Fields to) {
        ManifestColumns c = manifest.columns();
        long place = c.place[i];
        to.text("path", path.of(i));
        optional(to, "offset", place >= 0, place);
        optional(to, "row", place < ManifestColumns.WHOLE, -2 - place);
        to.int32("width", c.width[i]);
        to.int32("height", c.height[i]);
        to.int64("bytes", c.bytes[i]);
        to.text("sha256", c.hash(i));
        if (c.label[i] == ManifestColumns.NO_LABEL) {
            to.none();
        } else {
            to.text("label", manifest.label(i));
        }
        to.float32("weight", c.weight[i]);
    }

    private static void optional(Fields to, String name, boolean present, long value) {
        if (present) {
            to.int64(name, value);
        } else {
            to.none();
        }
    }

    /** Paths relative to a folder; rows of one shard follow each other, so the last is remembered. */
    private static final class StoredPath {
        private final Manifest manifest;
        private final Path folder;
        private int last = -1;
        private String stored = "";

        StoredPath(Manifest manifest, Path folder) {
            this.manifest = manifest;
            this.folder = folder;
        }

        String of(int row) {
            int file = manifest.columns().file[row];
            if (file != last) {
                Path path = manifest.base()
                        .resolve(manifest.name(row))
                        .toAbsolutePath()
                        .normalize();
                Path shown = path.startsWith(folder) ? folder.relativize(path) : path;
                stored = shown.toString().replace('\\', '/');
                last = file;
            }
            return stored;
        }
    }

    static Manifest read(Path file) throws IOException {
        try (ParquetInput in = ParquetInput.open(file)) {
            return new ManifestReader(in, file).read();
        }
    }
}
