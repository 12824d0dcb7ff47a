package io.dino4j.data.source;

import io.dino4j.data.parquet.ParquetInput;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/**
 * Which columns of a Parquet file hold the images and their classes.
 *
 * @param image name of the column of encoded images: bytes, or the group {@code {bytes, path}} of Hugging Face; empty for the usual names
 * @param label name of the column of classes, numbers or texts; empty for the usual names
 */
public record ImageColumns(Optional<String> image, Optional<String> label) {
    /** Columns found by their usual names. */
    public static final ImageColumns USUAL = new ImageColumns(Optional.empty(), Optional.empty());

    private static final List<String> IMAGES = List.of("image", "img", "jpg", "jpeg", "png", "bytes", "content");
    private static final List<String> LABELS = List.of("label", "cls", "class", "labels", "fine_label");
    private static final String BYTES = "bytes";
    private static final Set<PrimitiveTypeName> CLASSES =
            Set.of(PrimitiveTypeName.BINARY, PrimitiveTypeName.INT32, PrimitiveTypeName.INT64);

    /** Whether a file seems to hold images. */
    static boolean hasImages(MessageType schema) {
        return USUAL.findImage(schema).isPresent();
    }

    ColumnDescriptor imageOf(ParquetInput file) {
        return findImage(file.schema())
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s: no column of images%s; expected bytes, or a group with bytes, named %s; there are %s"
                                .formatted(
                                        file.file(),
                                        image.map(n -> " '" + n + "'").orElse(""),
                                        String.join(", ", IMAGES),
                                        columns(file.schema()))));
    }

    Optional<ColumnDescriptor> labelOf(ParquetInput file) {
        MessageType schema = file.schema();
        Optional<ColumnDescriptor> found = label.map(List::of).orElse(LABELS).stream()
                .flatMap(name -> field(schema, name).stream())
                .filter(ImageColumns::isPlain)
                .filter(type -> CLASSES.contains(type.asPrimitiveType().getPrimitiveTypeName()))
                .map(type -> schema.getColumnDescription(new String[] {type.getName()}))
                .findFirst();
        if (found.isEmpty() && label.isPresent()) {
            throw new IllegalArgumentException("%s: no column '%s' of numbers or texts; there are %s"
                    .formatted(file.file(), label.get(), columns(schema)));
        }
        return found;
    }

    private Optional<ColumnDescriptor> findImage(MessageType schema) {
        return image.map(List::of).orElse(IMAGES).stream()
                .flatMap(name -> field(schema, name).stream())
                .flatMap(type -> bytes(schema, type).stream())
                .findFirst();
    }

    private static Optional<ColumnDescriptor> bytes(MessageType schema, Type type) {
        if (isPlain(type)) {
            return isBinary(type)
                    ? Optional.of(schema.getColumnDescription(new String[] {type.getName()}))
                    : Optional.empty();
        }
        boolean group = !type.isPrimitive() && !type.isRepetition(Type.Repetition.REPEATED);
        if (group && type.asGroupType().containsField(BYTES)) {
            GroupType parts = type.asGroupType();
            if (isPlain(parts.getType(BYTES)) && isBinary(parts.getType(BYTES))) {
                return Optional.of(schema.getColumnDescription(new String[] {type.getName(), BYTES}));
            }
        }
        return Optional.empty();
    }

    private static boolean isPlain(Type type) {
        return type.isPrimitive() && !type.isRepetition(Type.Repetition.REPEATED);
    }

    private static boolean isBinary(Type type) {
        return type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
    }

    private static Optional<Type> field(MessageType schema, String name) {
        return schema.getFields().stream()
                .filter(type -> type.getName().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
                .findFirst();
    }

    private static String columns(MessageType schema) {
        return schema.getFields().stream().limit(20).map(Type::getName).collect(Collectors.joining(", "));
    }
}
