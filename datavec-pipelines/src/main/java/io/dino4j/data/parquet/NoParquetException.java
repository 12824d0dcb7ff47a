package io.dino4j.data.parquet;

import java.io.IOException;
import java.nio.file.Path;

/** A file that is no Parquet file, or is damaged. The message is one line: name, then reason. */
public final class NoParquetException extends IOException {
    private final transient Path file;
    private final String reason;

    NoParquetException(Path file, String reason, Throwable cause) {
        super(file + ": " + reason, cause);
        this.file = file;
        this.reason = reason;
    }

    /** Returns the file. */
    public Path file() {
        return file;
    }

    /** Returns what is wrong with it, without its name. */
    public String reason() {
        return reason;
    }
}
