package io.dino4j.train.cluster.wire;

import io.aeron.driver.DataPacketDispatcher;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.media.ReceiveChannelEndpoint;
import io.aeron.driver.media.UdpChannel;
import io.aeron.protocol.SetupFlyweight;
import java.net.InetSocketAddress;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;

/** Lets nobody have a log of another length than ours: a stranger could ask for 3 GiB of shared memory. */
final class BoundedEndpoint extends ReceiveChannelEndpoint {
    private final Noise noise;

    BoundedEndpoint(
            UdpChannel channel,
            DataPacketDispatcher dispatcher,
            AtomicCounter status,
            MediaDriver.Context context,
            Noise noise) {
        super(channel, dispatcher, status, context);
        this.noise = noise;
    }

    @Override
    public void onSetupMessage(
            SetupFlyweight setup, UnsafeBuffer buffer, int length, InetSocketAddress source, int transport) {
        boolean ours = length >= SetupFlyweight.HEADER_LENGTH
                && setup.termLength() == Route.UDP_TERM
                && setup.mtuLength() >= Route.FAR_MTU
                && setup.mtuLength() <= Route.LOOPBACK_MTU
                && setup.termOffset() >= 0
                && setup.termOffset() < Route.UDP_TERM
                && setup.activeTermId() - setup.initialTermId() >= 0;
        if (ours) {
            super.onSetupMessage(setup, buffer, length, source, transport);
        } else {
            noise.note("dropped a request for another stream than ours from %s".formatted(source));
        }
    }
}
