package io.dino4j.train.cluster.wire;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A UDP port of a machine.
 *
 * @param host name or address, IPv6 without brackets
 * @param port 1 to 65535
 */
public record Udp(String host, int port) implements Address {
    private static final int MOST = 65_535;

    /**
     * An address in a network.
     *
     * @throws IllegalArgumentException if the host is empty or has characters that no host has, or the port is out of range
     */
    public Udp {
        // what is no host could also be taken for further parameters of Aeron's channel
        if (!host.matches("[A-Za-z0-9._:%-]{1,253}")) {
            throw new IllegalArgumentException(
                    "\"%s\" is no host; write host:port, such as 10.0.0.5:7700".formatted(host));
        }
        if (port < 1 || port > MOST) {
            throw new IllegalArgumentException("there is no port %d; name one from 1 to %d".formatted(port, MOST));
        }
    }

    static Udp parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "" : text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!port.matches("\\d{1,9}") || (!bracketed && host.contains(":"))) {
            throw new IllegalArgumentException(
                    "%s is no address; write host:port, [IPv6 address]:port or ipc:number".formatted(text));
        }
        return new Udp(bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
    }

    @Override
    public boolean isLoopback() {
        try {
            return resolve().isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    InetAddress resolve() throws UnknownHostException {
        return InetAddress.getByName(host);
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
