package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Images of which no more is known than where they lie: a part of a source, on another machine. */
public final class LocatedImages implements ImageSource {
    private final List<Item> items;
    private final LocationReader reader;
    private final List<String> classes;

    /**
     * One image.
     *
     * @param location where its bytes are
     * @param name for messages
     * @param label name of its class; empty if it has none
     * @param weight relative to others
     */
    public record Item(Location location, String name, String label, float weight) {}

    /**
     * Images at locations.
     *
     * @param items at least one
     * @param reader may be shared with others
     */
    public LocatedImages(List<Item> items, LocationReader reader) {
        this.items = List.copyOf(items);
        this.reader = reader;
        Map<String, Integer> labels = new LinkedHashMap<>();
        items.stream().map(Item::label).filter(l -> !l.isEmpty()).forEach(l -> labels.put(l, 0));
        this.classes = new ArrayList<>(labels.keySet());
    }

    @Override
    public int size() {
        return items.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return reader.read(items.get(i).location(), name(i));
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(items.get(i).location());
    }

    @Override
    public float weight(int i) {
        return items.get(i).weight();
    }

    @Override
    public String name(int i) {
        return items.get(i).name();
    }

    @Override
    public int label(int i) {
        return classes.indexOf(items.get(i).label());
    }

    @Override
    public List<String> classes() {
        return List.copyOf(classes);
    }
}
