package io.dino4j.data.parquet;

import io.airlift.compress.Compressor;
import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ParquetDecodingException;

/** Compression of pages. The library's own factory of codecs cannot be loaded without Hadoop. */
final class Codecs implements CompressionCodecFactory {
    /** Largest page, in bytes: as far as one array goes, with room to spare. */
    private static final int MAX_PAGE = 1 << 30;

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName name) {
        return switch (name) {
            case UNCOMPRESSED -> new PageCompressor(name) {
                @Override
                public BytesInput compress(BytesInput bytes) {
                    return bytes;
                }
            };
            case ZSTD -> new PageCompressor(name) {
                @Override
                public BytesInput compress(BytesInput bytes) throws IOException {
                    byte[] in = array(bytes);
                    Compressor zstd = new ZstdCompressor();
                    byte[] out = new byte[zstd.maxCompressedLength(in.length)];
                    return BytesInput.from(out, 0, zstd.compress(in, 0, in.length, out, 0, out.length));
                }
            };
            default -> throw new UnsupportedOperationException(name + " is not written here");
        };
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
        throw new UnsupportedOperationException("the library's reader is not used");
    }

    @Override
    public void release() {}

    /**
     * Decompresses a page. The size is checked before memory is taken: no codec shrinks by more than a known factor.
     *
     * @param size in bytes, decompressed
     * @throws ParquetDecodingException saying what is wrong, without the name of the file
     */
    static byte[] decompress(CompressionCodecName name, byte[] in, int size) {
        if (size < 0 || size > MAX_PAGE || size > 64 + in.length * factor(name)) {
            throw new ParquetDecodingException("a page of %d bytes says to hold %d".formatted(in.length, size));
        }
        byte[] out =
                switch (name) {
                    case UNCOMPRESSED -> in;
                    case GZIP -> gunzip(in, size);
                    case SNAPPY -> decompress(new SnappyDecompressor(), in, size);
                    case ZSTD -> decompress(new ZstdDecompressor(), in, size);
                    case LZ4_RAW -> decompress(new Lz4Decompressor(), in, size);
                    default -> throw new ParquetDecodingException(
                            "pages are compressed with %s; read are UNCOMPRESSED, SNAPPY, GZIP, ZSTD and LZ4_RAW"
                                    .formatted(name));
                };
        if (out.length != size) {
            throw new ParquetDecodingException("a page holds %d bytes and says %d".formatted(out.length, size));
        }
        return out;
    }

    private static byte[] array(BytesInput bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.toIntExact(bytes.size()));
        bytes.writeAllTo(out);
        return out.toByteArray();
    }

    /** By how much a stream of the codec can grow at most. */
    private static long factor(CompressionCodecName name) {
        return switch (name) {
            case UNCOMPRESSED -> 1;
            case SNAPPY -> 64;
            case LZ4_RAW -> 256;
            case GZIP -> 1_100;
            default -> 45_000;
        };
    }

    private static byte[] decompress(Decompressor codec, byte[] in, int size) {
        byte[] out = new byte[size];
        int length;
        try {
            length = codec.decompress(in, 0, in.length, out, 0, size);
        } catch (RuntimeException e) { // the codecs throw several kinds for damaged input
            throw new ParquetDecodingException("a compressed page is damaged", e);
        }
        if (length != size) {
            throw new ParquetDecodingException("a page holds %d bytes and says %d".formatted(length, size));
        }
        return out;
    }

    private static byte[] gunzip(byte[] in, int size) {
        try (GZIPInputStream stream = new GZIPInputStream(new ByteArrayInputStream(in))) {
            return stream.readNBytes(size);
        } catch (IOException e) {
            throw new ParquetDecodingException("a compressed page is damaged", e);
        }
    }

    private abstract static class PageCompressor implements BytesInputCompressor {
        private final CompressionCodecName name;

        PageCompressor(CompressionCodecName name) {
            this.name = name;
        }

        @Override
        public CompressionCodecName getCodecName() {
            return name;
        }

        @Override
        public void release() {}
    }
}
