package io.dino4j.data.crop;

import io.dino4j.data.image.ColorJitter;

/**
 * How far the colour jitter goes: factors are uniform in 1 ± strength, the hue shift in ± strength of the full circle.
 *
 * @param brightness from 0
 * @param contrast from 0
 * @param saturation from 0
 * @param hue 0 to 0.5
 */
public record JitterStrength(double brightness, double contrast, double saturation, double hue) {
    /** Checks the ranges. */
    public JitterStrength {
        if (!(brightness >= 0 && contrast >= 0 && saturation >= 0 && hue >= 0 && hue <= 0.5)) {
            throw new IllegalArgumentException(
                    "jitter strengths out of range: brightness %s, contrast %s, saturation %s, hue %s"
                            .formatted(brightness, contrast, saturation, hue));
        }
    }

    /**
     * The recipe's strength.
     *
     * @return 0.4, 0.4, 0.2, 0.1
     */
    public static JitterStrength dinov2() {
        return new JitterStrength(0.4, 0.4, 0.2, 0.1);
    }

    ColorJitter toTransform() {
        return new ColorJitter(brightness, contrast, saturation, hue);
    }
}
