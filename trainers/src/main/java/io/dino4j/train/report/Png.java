package io.dino4j.train.report;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import java.util.Base64;

/** Pictures for a page. */
public final class Png {
    private Png() {}

    /** A picture as a {@code data:} address of a PNG, which a page can hold as it is. */
    public static String dataUri(Image picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(ImageEncoder.png(picture));
    }
}
