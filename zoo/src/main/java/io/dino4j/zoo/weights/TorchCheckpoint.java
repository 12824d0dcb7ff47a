package io.dino4j.zoo.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An open PyTorch checkpoint ({@code .pth}, {@code .pt}) of any size, as {@code torch.save} writes it since 1.6: a zip archive
 * of one pickle and the data of each storage. The pickle is interpreted, not run: it can hold dictionaries of tensors and
 * plain values, and everything else is refused by name. Tensors are mapped into memory one at a time when asked for and
 * copied out, so that nothing refers to the file after {@link #close()}.
 *
 * <p>Nested dictionaries are flattened: {@code {"teacher": {"backbone.norm.weight": t}}} holds
 * {@code teacher.backbone.norm.weight}. Values that are not tensors are ignored, and so are lists and tuples with all they
 * hold.
 *
 * @see <a href="https://docs.pytorch.org/docs/stable/notes/serialization.html">the format</a>
 */
public final class TorchCheckpoint implements TensorFile {
    private static final int LARGEST_PICKLE = 1 << 24;
    private static final int DEEPEST = 64;
    private static final int MOST_VALUES = 250_000;
    private static final int LONGEST_NAME = 1000;
    private static final int MOST_CHARACTERS = 1 << 26; // of all names: dictionaries that are shared have many

    private final Path file;
    private final FileChannel channel;
    private final Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();
    private int values;
    private int characters;

    private TorchCheckpoint(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens a file and checks what it says: every tensor must lie inside its storage, and every storage inside the file.
     *
     * @throws WeightsException naming the file and what is wrong: it is damaged, holds something else than tensors, is in
     *     the container of PyTorch before 1.6, or does not exist
     */
    public static TorchCheckpoint open(Path file) {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            TorchCheckpoint checkpoint = new TorchCheckpoint(file, channel);
            checkpoint.read();
            return checkpoint;
        } catch (NoSuchFileException e) {
            throw new WeightsException("%s: no such file".formatted(file), e);
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be read: %s".formatted(file, e), e).closing(channel);
        } catch (IllegalArgumentException e) {
            throw new WeightsException("%s: %s".formatted(file, e.getMessage()), e).closing(channel);
        } catch (WeightsException e) {
            throw e.closing(channel);
        }
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public String format() {
        return "PyTorch checkpoint";
    }

    /**
     * Every tensor by name, in the order of the file. The type is that of the file, {@link #read} widens halves; the offset
     * is that of the first element, the bytes those of its elements, which need not follow each other in the file.
     */
    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    /**
     * One tensor as a copy in C order. FLOAT16 and BFLOAT16 become FLOAT, other types stay.
     *
     * @throws WeightsException if there is none of this name, or it cannot be read
     */
    @Override
    public INDArray read(String name) {
        TorchTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new WeightsException("%s: no tensor is named '%s'".formatted(file, name));
        }
        DataType stored = tensor.storage().type();
        DataType type = stored == DataType.FLOAT16 || stored == DataType.BFLOAT16 ? DataType.FLOAT : stored;
        if (tensor.length() == 0) {
            return Nd4j.create(type, tensor.shape());
        }
        INDArray array = Nd4j.createUninitialized(type, tensor.shape(), 'c');
        try {
            TorchData.map(channel, tensor).copyTo(array);
        } catch (IOException e) {
            throw new WeightsException("%s: tensor '%s' cannot be read: %s".formatted(file, name, e), e);
        }
        return array;
    }

    private void read() throws IOException {
        if (TorchData.startsLikePickle(channel)) {
            throw new WeightsException(
                    ("%s: is in the container of PyTorch before 1.6, or a bare pickle; convert it once in"
                                    + " Python with torch.save(torch.load('%s', map_location='cpu'), 'converted.pth')")
                            .formatted(file, file.getFileName()));
        }
        ZipDirectory zip = ZipDirectory.read(file, channel);
        List<String> pickles =
                zip.names().stream().filter(n -> n.matches("[^/]+/data\\.pkl")).toList();
        if (pickles.size() != 1) {
            throw new WeightsException(
                    "%s: is no PyTorch checkpoint: %d folders of the archive hold a data.pkl, wanted 1"
                            .formatted(file, pickles.size()));
        }
        String pickle = pickles.get(0);
        String root = pickle.substring(0, pickle.indexOf('/') + 1);
        requireLittleEndian(zip, root);
        Object content = TorchPickle.load(
                zip.content(pickle, LARGEST_PICKLE), (type, key, length) -> storage(zip, root, type, key, length));
        if (!(content instanceof Map<?, ?>)) {
            throw new WeightsException("%s: holds no dictionary of tensors".formatted(file));
        }
        flatten("", (Map<?, ?>) content, 1);
    }

    private void requireLittleEndian(ZipDirectory zip, String root) throws IOException {
        String member = root + "byteorder";
        if (zip.names().contains(member)) {
            String order = StandardCharsets.US_ASCII
                    .decode(zip.content(member, 16))
                    .toString()
                    .strip();
            if (!order.equals("little")) {
                throw new WeightsException("%s: byte order '%s' is not 'little'".formatted(file, order));
            }
        }
    }

    private TorchTensor.Storage storage(ZipDirectory zip, String root, TorchGlobal global, String key, long length) {
        DataType type = global.type().orElseThrow();
        ZipDirectory.Member member;
        try {
            member = zip.locate(root + "data/" + key);
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be read: %s".formatted(file, e), e);
        }
        if (length < 0 || length > member.size() / type.width()) {
            throw new WeightsException("%s: storage '%s' announces %d elements of %s, but its member has %d bytes"
                    .formatted(file, key, length, type, member.size()));
        }
        return new TorchTensor.Storage(type, length, member.offset());
    }

    private void flatten(String prefix, Map<?, ?> map, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new WeightsException("%s: dictionaries nest deeper than %d".formatted(file, DEEPEST));
        }
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (++values > MOST_VALUES) {
                throw new WeightsException("%s: more than %d values".formatted(file, MOST_VALUES));
            }
            if (entry.getValue() instanceof TorchTensor tensor) {
                add(name(prefix, entry.getKey()), tensor);
            } else if (entry.getValue() instanceof Map<?, ?> inner) {
                flatten(name(prefix, entry.getKey()) + ".", inner, depth + 1);
            }
        }
    }

    private String name(String prefix, Object key) {
        String name = prefix + key;
        characters += name.length();
        if (characters > MOST_CHARACTERS) {
            throw new WeightsException("%s: names of more than %d characters".formatted(file, MOST_CHARACTERS));
        }
        if (name.length() > LONGEST_NAME) {
            throw new WeightsException("%s: name '%s...' has %d characters, more than %d"
                    .formatted(file, name.substring(0, 40), name.length(), LONGEST_NAME));
        }
        return name;
    }

    private void add(String name, TorchTensor tensor) throws IOException {
        try {
            if (infos.put(name, tensor.describe(name, channel.size())) != null) {
                throw new IllegalArgumentException("the name occurs twice");
            }
            tensors.put(name, tensor);
        } catch (IllegalArgumentException e) {
            throw new WeightsException("%s: tensor '%s': %s".formatted(file, name, e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be closed: %s".formatted(file, e), e);
        }
    }
}
