package io.dino4j.train.cluster.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256 of byte ranges, cut to the length that packets carry. For one thread at a time. */
final class Hmac {
    private static final int FULL = 32;

    private final Mac mac;
    private final byte[] full = new byte[FULL];

    Hmac(byte[] key) {
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java comes with HmacSHA256", e);
        }
    }

    /** A key for one purpose only: HMAC of the purpose and what else it depends on. */
    static byte[] derive(byte[] key, String purpose, byte[]... parts) {
        Hmac hmac = new Hmac(key);
        hmac.mac.update(purpose.getBytes(StandardCharsets.US_ASCII));
        for (byte[] part : parts) {
            hmac.mac.update(part);
        }
        return hmac.mac.doFinal();
    }

    /** Writes the code of the first {@code length} bytes behind them. */
    void seal(byte[] packet, int length) {
        compute(packet, length);
        System.arraycopy(full, 0, packet, length, Packet.MAC);
    }

    /** Whether the code behind the first {@code length} bytes is theirs; takes the same time wherever it differs. */
    boolean isSealed(byte[] packet, int length) {
        compute(packet, length);
        int difference = 0;
        for (int i = 0; i < Packet.MAC; i++) {
            difference |= full[i] ^ packet[length + i];
        }
        return difference == 0;
    }

    private void compute(byte[] packet, int length) {
        try {
            mac.update(packet, 0, length);
            mac.doFinal(full, 0);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a MAC has %d bytes".formatted(FULL), e);
        }
    }
}
