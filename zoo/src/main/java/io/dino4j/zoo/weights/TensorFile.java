package io.dino4j.zoo.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An open file of named tensors, whatever its format. */
public interface TensorFile extends AutoCloseable {
    /** Bytes at the start of a file that tell its format. */
    int SNIFFED = 9;

    /**
     * Opens a {@code .safetensors} file, the index of several, or a PyTorch checkpoint; which of them it is, the name of an index and the
     * first bytes of the others tell.
     *
     * @throws WeightsException naming the file and what is wrong if it is damaged, of another kind, or does not exist
     */
    static TensorFile open(Path file) {
        if (ShardedSafetensors.isIndex(file)) {
            return ShardedSafetensors.open(file);
        }
        byte[] start;
        try (InputStream in = Files.newInputStream(file)) {
            start = in.readNBytes(SNIFFED);
        } catch (NoSuchFileException e) {
            throw new WeightsException("%s: no such file".formatted(file), e);
        } catch (IOException e) {
            throw new WeightsException("%s: cannot be read: %s".formatted(file, e), e);
        }
        if (start.length == SNIFFED && start[SNIFFED - 1] == '{') { // the header, after its length
            return Safetensors.open(file);
        }
        boolean zip = start.length > 1 && start[0] == 'P' && start[1] == 'K';
        if (zip || start.length > 1 && start[0] == TorchData.PICKLE) {
            return TorchCheckpoint.open(file);
        }
        throw new WeightsException("%s: is neither a .safetensors file nor a PyTorch checkpoint".formatted(file));
    }

    /** The file. */
    Path file();

    /** What kind of file it is, in a word or two. */
    String format();

    /** Every tensor by name, in the order of the file. */
    Map<String, TensorInfo> tensors();

    /** Free text pairs that the file carries beside its tensors; may be empty. */
    default Map<String, String> metadata() {
        return Map.of();
    }

    /**
     * One tensor as a copy in C order.
     *
     * @throws WeightsException if there is none of this name, or it cannot be read
     */
    INDArray read(String name);

    /**
     * Copies one tensor into a contiguous array of as many elements; halves and doubles are converted to its type.
     *
     * @throws WeightsException if there is none of this name, its length differs, or it cannot be read
     */
    default void readInto(String name, INDArray target) {
        INDArray read = read(name);
        if (read.length() != target.length()) {
            throw new WeightsException("%s: tensor '%s' has %d elements, wanted %d"
                    .formatted(file(), name, read.length(), target.length()));
        }
        if (read.length() > 0) {
            target.assign(read.castTo(target.dataType()).reshape(target.shape()));
        }
    }

    /** True for types that turn into FLOAT without surprise. */
    static boolean isReal(DataType type) {
        return type.isFPType();
    }

    @Override
    void close();
}
