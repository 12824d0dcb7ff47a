package io.dino4j.zoo.feature;

import io.dino4j.data.curation.Embedder;
import io.dino4j.data.curation.EmbedderRecipe;
import io.dino4j.data.image.EvalTransform;
import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.onednn.OneDnnProvider;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.weights.NetworkRole;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * A network from a file that other machines see under the same path.
 *
 * @param weights absolute path
 * @param heads attention heads; 0 if the file tells
 * @param role which network of the file
 * @param precision number formats
 * @param kernels who computes; the same everywhere, as others round otherwise
 * @param size side of the network's input in pixels; 0 for the usual one
 * @param batch most images in a pass, 1 or more
 */
public record NetworkRecipe(
        String weights, int heads, NetworkRole role, Precision precision, Providers kernels, int size, int batch)
        implements EmbedderRecipe {

    /**
     * The recipe of a network that was loaded here.
     *
     * @param weights its file
     * @param options it was loaded with
     * @param size side of its input in pixels; empty for the usual one
     * @param batch most images in a pass, 1 or more
     */
    public static NetworkRecipe of(Path weights, Dinov2.Options options, OptionalInt size, int batch) {
        return new NetworkRecipe(
                weights.toAbsolutePath().toString(),
                options.heads().orElse(0),
                options.role(),
                options.precision(),
                providers(options.kernels()),
                size.orElse(0),
                batch);
    }

    private static Providers providers(List<KernelProvider> kernels) {
        return kernels.stream().anyMatch(OneDnnProvider.class::isInstance) ? Providers.ONEDNN : Providers.PORTABLE;
    }

    @Override
    public String key() {
        return toString();
    }

    @Override
    public Embedder make() {
        Dinov2.Options options =
                Dinov2.Options.defaults().of(role).in(precision).on(kernels.list());
        Dinov2 loaded = Dinov2.load(Path.of(weights), heads == 0 ? options : options.withHeads(OptionalInt.of(heads)));
        return new NetworkEmbedder(size == 0 ? loaded : loaded.with(EvalTransform.of(size)), batch);
    }
}
