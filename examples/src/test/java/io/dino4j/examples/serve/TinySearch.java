package io.dino4j.examples.serve;

import io.dino4j.data.Progress;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.source.RenderedShapes;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.zoo.Dinov2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** A network of two blocks with random weights, drawn pictures, and who watches. */
final class TinySearch {
    static final int SIZE = 48;

    /** Width 16, patches of 4 pixels, trained on 12 x 12: search shows it 36 x 36. */
    private static final VitConfig VIT = new VitConfig(12, 4, 16, 2, 2, 2, Ffn.MLP, 0, 0.5, 0.1, false);

    private TinySearch() {}

    static SearchNetwork network(String name) {
        ParameterVector weights = ParameterVector.zeros(ParameterLayout.of(VIT.parameters()), DataType.FLOAT);
        Initialization.fill(weights, new Initialization.Spread(0.5, 0.3, 0.3, 0.3), 1);
        Dinov2 model =
                Dinov2.of(VIT, weights.views(""), Dinov2.Options.defaults().on(Providers.PORTABLE.list()));
        return new SearchNetwork(model, name, 0);
    }

    /** Writes drawn pictures, some of them twice as wide as high. */
    static Path pictures(Path folder, int count) throws IOException {
        Files.createDirectories(folder.resolve("wide"));
        RenderedShapes shapes = RenderedShapes.draw("serve", count, SIZE, 1);
        for (int i = 0; i < count; i++) {
            boolean wide = i % 3 == 2;
            ImageEncoder.write(
                    wide ? Pictures.halved(shapes.read(i)) : shapes.read(i),
                    folder.resolve(wide ? "wide/picture-%02d.png".formatted(i) : "picture-%02d.png".formatted(i)));
        }
        return folder;
    }

    static ImageIndex index(Path images, Path index, SearchNetwork network, long patchBytes, Progress progress)
            throws IOException {
        return Indexing.run(
                index, images.toString(), ImageSources.open(images, progress::say), network, patchBytes, progress);
    }

    /** Keeps what it is told. */
    static final class Watch implements Progress {
        final List<String> said = new ArrayList<>();

        /** Images that were to be indexed; 0 if nothing was to do. */
        long pending;

        @Override
        public void begin(String task, long done, long total) {
            pending = total - done;
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            // nothing
        }

        @Override
        public void end() {
            // nothing
        }

        @Override
        public synchronized void say(String line) {
            said.add(line);
        }
    }
}
