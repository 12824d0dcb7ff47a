package io.dino4j.spark.train;

import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import javax.crypto.KeyGenerator;

/**
 * What every task tells all others before it begins.
 *
 * @param port a free one, if it is to be a server
 * @param key a fresh secret; that of the first task counts, for this attempt of the stage alone
 * @param fault one line if the task cannot begin, else empty
 */
record Greeting(int port, byte[] key, String fault) {
    static Greeting of(int port, String fault) {
        try {
            byte[] key = KeyGenerator.getInstance("HmacSHA256").generateKey().getEncoded(); // 32 bytes
            return new Greeting(port, key, fault);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Java comes with HmacSHA256", e);
        }
    }

    String text() {
        return port + " " + HexFormat.of().formatHex(key) + " " + fault;
    }

    static Greeting parse(String text) {
        String[] parts = text.split(" ", 3);
        return new Greeting(Integer.parseInt(parts[0]), HexFormat.of().parseHex(parts[1]), parts[2]);
    }
}
