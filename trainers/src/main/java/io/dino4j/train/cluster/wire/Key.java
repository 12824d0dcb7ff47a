package io.dino4j.train.cluster.wire;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.KeyGenerator;

/** The secret that servers and workers of a run share. Whoever has it may write to the run; it is never sent nor printed. */
public final class Key {
    private static final int LEAST = 32;
    private static final int MOST = 64 * 1024;
    private static final Set<PosixFilePermission> OF_OTHERS = EnumSet.complementOf(EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));

    /** In a key's place on loopback: the same code runs, and protects from accidents alone. */
    static final Key NONE = new Key(new byte[LEAST]);

    private final byte[] bytes;

    private Key(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Not a copy: it stays in the package. */
    byte[] bytes() {
        return bytes;
    }

    /**
     * Reads a key: any content of 32 bytes to 64 KiB.
     *
     * @param file readable by its owner alone
     * @throws IOException in one line, if it is not there, too short, too long or readable by others
     */
    public static Key read(Path file) throws IOException {
        try {
            if (Files.getFileStore(file).supportsFileAttributeView("posix")
                    && Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)) {
                throw new IOException(
                        "%s: others than its owner may use this key; run: chmod 600 %s".formatted(file, file));
            }
            long size = Files.size(file);
            if (!Files.isRegularFile(file) || size < LEAST || size > MOST) {
                throw new IOException(
                        "%s: a key is a file of %d to %d bytes, this has %d".formatted(file, LEAST, MOST, size));
            }
            return new Key(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchFileException e) {
            throw new IOException("%s: there is no such key file".formatted(file), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java comes with SHA-256", e);
        }
    }

    /**
     * Writes a fresh key of 32 random bytes that only its owner may read.
     *
     * @param file must not be there
     * @throws IOException in one line, if the file is there or cannot be written
     */
    public static Key generate(Path file) throws IOException {
        try {
            if (Files.getFileStore(file.toAbsolutePath().getParent()).supportsFileAttributeView("posix")) {
                Files.createFile(
                        file,
                        PosixFilePermissions.asFileAttribute(
                                EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE)));
            } else {
                Files.createFile(file);
            }
        } catch (FileAlreadyExistsException e) {
            throw new IOException("%s: there is a file already; a key is not written over it".formatted(file), e);
        } catch (NoSuchFileException e) {
            throw new IOException("%s: there is no such folder".formatted(file), e);
        }
        Files.write(file, random(), StandardOpenOption.WRITE);
        return read(file);
    }

    /** 32 bytes that nobody can foresee. */
    static byte[] random() {
        try {
            return KeyGenerator.getInstance("HmacSHA256").generateKey().getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java comes with HmacSHA256", e);
        }
    }

    @Override
    public String toString() {
        return "Key";
    }
}
