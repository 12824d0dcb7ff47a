package io.dino4j.train.cluster.wire;

/**
 * What has passed, of frames that belong to a session.
 *
 * @param framesSent frames
 * @param payloadSent bytes of these frames
 * @param bytesSent the same with the headers of this protocol and of Aeron, without those of UDP and IP
 * @param framesReceived frames
 * @param payloadReceived bytes of these frames
 * @param bytesReceived with headers
 */
public record Traffic(
        long framesSent,
        long payloadSent,
        long bytesSent,
        long framesReceived,
        long payloadReceived,
        long bytesReceived) {
    /** Both together. */
    public Traffic plus(Traffic other) {
        return new Traffic(
                framesSent + other.framesSent,
                payloadSent + other.payloadSent,
                bytesSent + other.bytesSent,
                framesReceived + other.framesReceived,
                payloadReceived + other.payloadReceived,
                bytesReceived + other.bytesReceived);
    }
}
