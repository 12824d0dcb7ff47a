package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.graph.exec.Providers;
import org.junit.jupiter.api.Test;

/** Operation counts by hand. */
final class WorkloadTest {
    /** ViT-S/14 at 224: 256 patches of 588 numbers; 12 blocks of 12 D² weights on 257 tokens, and the attention between them. */
    @Test
    void flopsOfVitSmall() {
        double embed = 2.0 * 256 * 588 * 384;
        double block = 2.0 * 257 * 12 * 384 * 384 + 4.0 * 257 * 257 * 384;
        assertEquals(embed + 12 * block, Workload.of("vits14", 8, 224, false).flopsPerImage());
        assertEquals(
                3 * (embed + 12 * block), Workload.of("vits14", 8, 224, true).flopsPerImage());
    }

    /** ViT-g's hidden width is 4096, its gate's weights twice as wide. */
    @Test
    void flopsOfTheGate() {
        double embed = 2.0 * 256 * 588 * 1536;
        double block = 2.0 * 257 * (4.0 * 1536 * 1536 + 3.0 * 1536 * 4096) + 4.0 * 257 * 257 * 1536;
        assertEquals(embed + 40 * block, Workload.of("vitg14", 1, 224, false).flopsPerImage());
    }

    /** What the ops of the compiled graph say they cost is the same sum. */
    @Test
    void opsAddUpToTheWhole() {
        Workload work = Workload.of("nano", 2, 0, false);
        try (CompiledVit vit = new CompiledVit(work, Providers.forThisMachine())) {
            double flops =
                    vit.profile().stream().mapToDouble(t -> t.cost().flops()).sum();
            assertEquals(2 * work.flopsPerImage(), flops);
        }
    }

    @Test
    void aPresetBringsItsSize() {
        assertEquals(32, Workload.of("nano", 1, 0, false).vit().imageSize());
    }

    @Test
    void sizesAreWholePatches() {
        assertEquals(
                "--size must be a multiple of 14, the patch size of vits14, got 225",
                assertThrows(IllegalArgumentException.class, () -> Workload.of("vits14", 8, 225, false))
                        .getMessage());
    }
}
