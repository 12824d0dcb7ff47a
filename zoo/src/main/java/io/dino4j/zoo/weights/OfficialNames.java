package io.dino4j.zoo.weights;

import io.dino4j.graph.ssl.SslConfig;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the parameters of one network are in a file: by their official names, sub-network first, the names that the file has for them.
 * What is taken off: the path to the network, such as {@code teacher.} or {@code model.module.}, and the chunk of a block
 * ({@code blocks.0.3.} is block 3 of chunk 0; the block's number counts through). Of several networks the teacher is taken.
 *
 * @param sources official name to name in the file, in the order of the file
 * @param ignored tensors outside the network
 */
record OfficialNames(Map<String, String> sources, int ignored) {
    /** Every backbone has it, and nothing else has. */
    private static final String SIGN = "patch_embed.proj.weight";

    /**
     * Finds the network.
     *
     * @param file for messages
     * @throws WeightsException if there is none, or more than one and no teacher among them
     */
    static OfficialNames of(Path file, Collection<String> names) {
        String wrapper = wrapper(file, names);
        String root = wrapper.endsWith(SslConfig.BACKBONE)
                ? wrapper.substring(0, wrapper.length() - SslConfig.BACKBONE.length())
                : wrapper;
        Map<String, String> sources = new LinkedHashMap<>();
        int ignored = 0;
        for (String name : names) {
            String rest = name.startsWith(root) ? name.substring(root.length()) : "";
            boolean head = rest.startsWith(SslConfig.DINO_HEAD) || rest.startsWith(SslConfig.IBOT_HEAD);
            if (head) {
                sources.put(rest, name);
            } else if (name.startsWith(wrapper)) {
                String own = name.substring(wrapper.length()).replaceFirst("^blocks\\.\\d+\\.(\\d+)\\.", "blocks.$1.");
                sources.put(SslConfig.BACKBONE + own, name);
            } else if (name.startsWith(root)) {
                sources.put(rest, name); // of the network, but of no part of it: strict loading will say so
            } else {
                ignored++;
            }
        }
        return new OfficialNames(sources, ignored);
    }

    /** What comes before the names of the backbone; may be empty. */
    private static String wrapper(Path file, Collection<String> names) {
        List<String> wrappers = names.stream()
                .filter(n -> n.equals(SIGN) || n.endsWith("." + SIGN))
                .map(n -> n.substring(0, n.length() - SIGN.length()))
                .toList();
        if (wrappers.isEmpty()) {
            throw new WeightsException("%s: holds no DINOv2 backbone under its official names: no tensor is named '%s'"
                    .formatted(file, SIGN));
        }
        if (wrappers.size() == 1) {
            return wrappers.get(0);
        }
        List<String> teachers = wrappers.stream()
                .filter(w -> List.of(w.split("\\.")).contains("teacher"))
                .toList();
        if (teachers.size() != 1) {
            throw new WeightsException("%s: holds several backbones and it is not clear which is meant: %s"
                    .formatted(file, String.join(", ", wrappers)));
        }
        return teachers.get(0);
    }
}
