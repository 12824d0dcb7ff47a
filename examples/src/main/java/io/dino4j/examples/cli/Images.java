package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import java.io.IOException;
import java.nio.file.Path;

/** Opens the images that an option names, in any format. */
final class Images {
    /** What an option for images takes. */
    static final String ACCEPTED =
            "Folder of JPEG and PNG files, searched with its sub-folders; tar or Parquet files; or a manifest. See docs/data.md.";

    private Images() {}

    /** Opens them; what is left out is told on standard error. */
    static ImageSource open(Path where) throws IOException {
        return ImageSources.open(where.toString(), line -> System.err.println("dino4j: " + line));
    }
}
