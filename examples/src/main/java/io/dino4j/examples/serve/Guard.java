package io.dino4j.examples.serve;

import com.sun.net.httpserver.Headers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who is answered. On the loopback address a request must name this machine: one that names another host comes from a page of the web whose
 * name was pointed here (DNS rebinding). Anywhere, what another site's page sends from a browser is turned away.
 */
final class Guard {
    private static final int FORBIDDEN = 403;

    /** On every answer. */
    static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "X-Frame-Options",
            "DENY",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Cross-Origin-Opener-Policy",
            "same-origin",
            "Referrer-Policy",
            "no-referrer");

    private final Optional<Set<String>> hosts;

    private Guard(Optional<Set<String>> hosts) {
        this.hosts = hosts;
    }

    /** For this machine only. */
    static Guard ofThisMachine(int port) {
        return new Guard(Optional.of(Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port)));
    }

    /** For a machine of which it is not known by what names others reach it. */
    static Guard ofAnyHost() {
        return new Guard(Optional.empty());
    }

    /**
     * Checks a request.
     *
     * @throws Refusal with status 403
     */
    void check(Headers headers) throws Refusal {
        List<String> host = headers.getOrDefault("Host", List.of());
        if (host.size() != 1 || hosts.isPresent() && !hosts.get().contains(host.get(0))) {
            throw new Refusal(FORBIDDEN, "this server is for its own machine only");
        }
        String site = headers.getFirst("Sec-Fetch-Site");
        boolean otherSite = site != null && !Set.of("same-origin", "none").contains(site);
        String origin = headers.getFirst("Origin");
        boolean otherOrigin = origin != null
                && !Set.of("http://" + host.get(0), "https://" + host.get(0)).contains(origin);
        boolean navigates = "navigate".equals(headers.getFirst("Sec-Fetch-Mode")); // a link to the page
        if (otherOrigin || otherSite && !navigates) {
            throw new Refusal(FORBIDDEN, "this server does not answer pages of other sites");
        }
    }
}
