package io.dino4j.zoo.weights;

import io.dino4j.graph.ssl.SslConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where the parameters of one network are in a file: by sub-network and the names of a scheme, the names that the file has for them. What
 * is taken off: the path to the network, such as {@code teacher.}, {@code model.module.} or {@code dinov2.}, and the chunk of a block
 * ({@code blocks.0.3.} is block 3 of chunk 0; the block's number counts through). Of several networks the one of the role is taken.
 *
 * @param scheme recognised from the names
 * @param wrapper what comes before the names of the backbone in the file; may be empty
 * @param sources sub-network and name to name in the file, in the order of the file
 * @param beside tensors of the same model that belong to no DINOv2 network, such as a classifier's
 * @param ignored number of tensors outside the model
 */
record NetworkNames(
        NamingScheme scheme, String wrapper, Map<String, String> sources, List<String> beside, int ignored) {
    private record Sign(NamingScheme scheme, String wrapper) {}

    /**
     * Finds the network.
     *
     * @param file for messages
     * @throws WeightsException if there is none, or more than one and none of this role among them, or two tensors mean the same
     */
    static NetworkNames of(Path file, Collection<String> names, NetworkRole role) {
        Sign sign = sign(file, names, role);
        NamingScheme scheme = sign.scheme();
        String wrapper = sign.wrapper();
        String root = scheme.models().stream()
                .filter(wrapper::endsWith)
                .map(m -> wrapper.substring(0, wrapper.length() - m.length()))
                .findFirst()
                .orElse(wrapper);
        Map<String, String> sources = new LinkedHashMap<>();
        List<String> beside = new ArrayList<>();
        int ignored = 0;
        for (String name : names) {
            String rest = name.startsWith(root) ? name.substring(root.length()) : "";
            if (isHead(rest)) {
                put(sources, rest, name, file);
            } else if (scheme.besides().stream().anyMatch(rest::startsWith)) {
                beside.add(name);
            } else if (name.startsWith(wrapper)) {
                put(sources, SslConfig.BACKBONE + withoutChunk(name.substring(wrapper.length())), name, file);
            } else if (name.startsWith(root)) {
                put(sources, rest, name, file); // of the model, but of no part of it: strict loading will say so
            } else {
                ignored++;
            }
        }
        return new NetworkNames(scheme, wrapper, sources, beside, ignored);
    }

    private static boolean isHead(String name) {
        return name.startsWith(SslConfig.DINO_HEAD) || name.startsWith(SslConfig.IBOT_HEAD);
    }

    private static String withoutChunk(String name) {
        return name.replaceFirst("^blocks\\.\\d+\\.(\\d+)\\.", "blocks.$1.");
    }

    private static void put(Map<String, String> sources, String name, String source, Path file) {
        String before = sources.put(name, source);
        if (before != null) {
            throw new WeightsException(
                    "%s: tensors '%s' and '%s' are the same parameter".formatted(file, before, source));
        }
    }

    /** The one backbone that is meant. Every backbone has a patch embedding, and nothing else has. */
    private static Sign sign(Path file, Collection<String> names, NetworkRole role) {
        List<Sign> signs = Stream.of(NamingScheme.OFFICIAL, NamingScheme.HUGGING_FACE)
                .flatMap(s -> signs(s, names))
                .toList();
        if (signs.isEmpty()) {
            throw new WeightsException("%s: holds no DINOv2 backbone: no tensor is named '%s' or '%s'"
                    .formatted(
                            file,
                            NamingScheme.OFFICIAL.name(NamingScheme.PATCHES),
                            NamingScheme.HUGGING_FACE.name(NamingScheme.PATCHES)));
        }
        List<Sign> chosen =
                signs.stream().filter(s -> role.isNamed(file, s.wrapper())).toList();
        if (chosen.size() == 1) {
            return chosen.get(0);
        }
        if (chosen.isEmpty() && role == NetworkRole.STUDENT) {
            throw new WeightsException("%s: holds no student: a backbone of a student is named 'student.' or lies in %s"
                    .formatted(file, RunLayout.STUDENT));
        }
        if (signs.size() > 1) {
            throw new WeightsException("%s: holds several backbones and it is not clear which is meant: %s"
                    .formatted(
                            file,
                            String.join(", ", signs.stream().map(Sign::wrapper).toList())));
        }
        return signs.get(0);
    }

    private static Stream<Sign> signs(NamingScheme scheme, Collection<String> names) {
        String sign = scheme.name(NamingScheme.PATCHES);
        return names.stream()
                .filter(n -> n.equals(sign) || n.endsWith("." + sign))
                .map(n -> n.substring(0, n.length() - sign.length()))
                .map(w ->
                        new Sign(scheme == NamingScheme.OFFICIAL && isTimm(w, names) ? NamingScheme.TIMM : scheme, w));
    }

    /** The names are official but for two: there is no mask token, and registers are called otherwise. */
    private static boolean isTimm(String wrapper, Collection<String> names) {
        return !wrapper.endsWith(SslConfig.BACKBONE)
                && !names.contains(wrapper + NamingScheme.MASK)
                && !names.contains(wrapper + NamingScheme.REGISTERS);
    }

    /** What the file calls, or would call, a tensor. */
    String inFile(String part, String name) {
        String found = sources.get(part + name);
        return found != null ? found : part.equals(SslConfig.BACKBONE) ? wrapper + name : part + name;
    }
}
