package io.dino4j.zoo.download;

import io.dino4j.data.file.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/**
 * A file from the net. It arrives under the name {@code NAME.part} and gets its own name when it is whole, so that there is never half a
 * file under it. A download that was broken off, in this process or an earlier one, goes on where it stopped, if the server can do that and
 * still has the same file.
 *
 * @param from {@code https:}, {@code http:} or {@code file:}
 * @param target where the file will be
 * @param sha256 what it must hash to; empty to check its length alone
 * @param pauseMs milliseconds before the second try; twice as many before each further one
 */
record Download(URI from, Path target, Optional<String> sha256, long pauseMs) {
    private static final int TRIES = 5;
    private static final long PAUSE_MS = 200;
    private static final int CONNECT_MS = 20_000;
    private static final int STALL_MS = 60_000;
    private static final int BUFFER = 1 << 20;

    /** What a server says of a file, to ask for the rest of the same one. */
    private static final String TAG = ".tag";

    Download(URI from, Path target, Optional<String> sha256) {
        this(from, target, sha256, PAUSE_MS);
    }

    /**
     * The file, which is fetched unless it is there.
     *
     * @throws IOException naming the address and what is wrong; what has arrived is kept for the next try
     */
    Path fetch() throws IOException {
        if (Files.exists(target) && isRight(target)) {
            return target;
        }
        if ("file".equals(from.getScheme())) {
            return local();
        }
        Files.createDirectories(target.toAbsolutePath().getParent());
        // other threads, and other processes, may be fetching the same file; the lock file stays, or one of them would
        // lock a deleted one
        synchronized (Download.class) {
            try (FileChannel channel =
                            FileChannel.open(beside(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (lock.isValid() && !(Files.exists(target) && isRight(target))) {
                    fetchPart();
                }
            }
        }
        return target;
    }

    private Path local() throws IOException {
        Path file = Path.of(from);
        if (!Files.isRegularFile(file)) {
            throw new FileNotFoundException("%s: no such file".formatted(file));
        }
        requireRight(file);
        return file;
    }

    private void fetchPart() throws IOException {
        Path part = beside(".part");
        IOException last = null;
        for (int i = 0; i < TRIES; i++) {
            long before = size(part);
            try {
                if (i > 0) {
                    pause(i);
                }
                if (receive(part)) {
                    requireRight(part);
                    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                    Files.deleteIfExists(beside(TAG));
                    return;
                }
                last = new IOException("the connection was closed before the end");
            } catch (FinalException e) {
                throw new IOException("%s: %s".formatted(from, e.getMessage()), e);
            } catch (IOException e) {
                last = e;
            }
            if (size(part) - before > BUFFER) {
                i = 0; // slow progress is progress
            }
        }
        throw new IOException(
                "%s: gave up after %d tries: %s; what has arrived is kept in %s, try again to go on"
                        .formatted(from, TRIES, last, part),
                last);
    }

    private static long size(Path part) throws IOException {
        return Files.exists(part) ? Files.size(part) : 0;
    }

    /** A failure that another try will not mend. */
    private static final class FinalException extends IOException {
        private static final long serialVersionUID = 1L;

        FinalException(String message) {
            super(message);
        }
    }

    /** Receives what is missing; true if the file is then as long as the server said. */
    private boolean receive(Path part) throws IOException {
        long have = size(part);
        Optional<String> tag = have > 0 ? tag() : Optional.empty();
        HttpURLConnection connection = connect(have, tag);
        try {
            int status = connection.getResponseCode();
            if (status == 416) { // the file has become shorter
                Files.deleteIfExists(part);
                return false;
            }
            boolean goesOn = status == HttpURLConnection.HTTP_PARTIAL;
            if (!goesOn && status != HttpURLConnection.HTTP_OK) {
                String message = "the server answers %d %s".formatted(status, connection.getResponseMessage());
                throw status >= 500 || status == 429 ? new IOException(message) : new FinalException(message);
            }
            if (goesOn && !startsAt(connection, have)) {
                throw new FinalException("the server sends another part of the file than was asked for");
            }
            long start = goesOn ? have : 0;
            long rest = connection.getContentLengthLong();
            requireSpace(rest);
            keepTag(connection);
            return copy(connection, part, start, rest);
        } finally {
            connection.disconnect();
        }
    }

    private HttpURLConnection connect(long have, Optional<String> tag) throws IOException {
        URLConnection opened = from.toURL().openConnection();
        if (!(opened instanceof HttpURLConnection connection)) {
            throw new FinalException("only https:, http: and file: addresses can be fetched");
        }
        connection.setConnectTimeout(CONNECT_MS);
        connection.setReadTimeout(STALL_MS);
        connection.setRequestProperty("User-Agent", "dino4j");
        connection.setRequestProperty("Accept-Encoding", "identity"); // lengths are those of the file
        if (tag.isPresent()) {
            connection.setRequestProperty("Range", "bytes=%d-".formatted(have));
            connection.setRequestProperty("If-Range", tag.get());
        }
        return connection;
    }

    private static boolean startsAt(HttpURLConnection connection, long offset) {
        String range = connection.getHeaderField("Content-Range");
        return range != null && range.startsWith("bytes %d-".formatted(offset));
    }

    private boolean copy(HttpURLConnection connection, Path part, long start, long rest) throws IOException {
        StandardOpenOption how = start > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
        long done = start;
        try (InputStream in = connection.getInputStream();
                var out = Files.newOutputStream(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
                DownloadProgress progress =
                        DownloadProgress.begin(target.getFileName().toString(), start, rest < 0 ? -1 : start + rest)) {
            byte[] buffer = new byte[BUFFER];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                done += n;
                progress.at(done);
            }
        }
        return rest < 0 || done == start + rest;
    }

    private void requireSpace(long bytes) throws IOException {
        long free = Files.getFileStore(target.toAbsolutePath().getParent()).getUsableSpace();
        if (bytes > free) {
            throw new FinalException("%d MB are needed in %s, but %d are free"
                    .formatted(bytes >> 20, target.toAbsolutePath().getParent(), free >> 20));
        }
    }

    private Optional<String> tag() throws IOException {
        Path file = beside(TAG);
        return Files.exists(file) ? Optional.of(Files.readString(file)).filter(t -> !t.isBlank()) : Optional.empty();
    }

    /** A weak tag does not promise the same bytes. */
    private void keepTag(HttpURLConnection connection) throws IOException {
        String tag = connection.getHeaderField("ETag");
        boolean strong = tag != null && !tag.startsWith("W/");
        String kept = strong ? tag : connection.getHeaderField("Last-Modified");
        Files.writeString(beside(TAG), kept == null ? "" : kept);
    }

    private boolean isRight(Path file) throws IOException {
        return sha256.isEmpty() || Sha256.of(file).equals(sha256.get().toLowerCase(Locale.ROOT));
    }

    private void requireRight(Path file) throws IOException {
        if (!isRight(file)) {
            String found = Sha256.of(file);
            if (file.equals(beside(".part"))) {
                Files.delete(file);
            }
            throw new FinalException(
                    "the SHA-256 of what arrived is %s, expected was %s".formatted(found, sha256.orElseThrow()));
        }
    }

    private Path beside(String suffix) {
        return target.resolveSibling(target.getFileName() + suffix);
    }

    private void pause(int tries) throws IOException {
        try {
            Thread.sleep(pauseMs << tries - 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FinalException("interrupted");
        }
    }
}
