package io.dino4j.train.scaling;

/**
 * A step on average over those simulated.
 *
 * @param seconds from step to step
 * @param exchangeShare share of the time, 0 to 1, in which a worker neither computes nor averages: exchange, and waiting for others
 * @param workerSends bytes of messages, mean over workers
 * @param workerReceives likewise
 * @param serverReceives bytes of messages, mean over servers
 * @param serverSends likewise
 * @param waitingBytes most bytes of gradients that waited for earlier ranks at a server
 * @param load what the parts were busy
 */
public record SimulatedStep(
        double seconds,
        double exchangeShare,
        double workerSends,
        double workerReceives,
        double serverReceives,
        double serverSends,
        double waitingBytes,
        Load load) {
    /**
     * Shares of the time, 0 to 1, of the busiest of each kind.
     *
     * @param worker core of a worker
     * @param workerCard network card of a worker, the busier direction
     * @param server thread of a server
     * @param serverCard network card of a server, the busier direction
     */
    public record Load(double worker, double workerCard, double server, double serverCard) {
        /** The kind that is busiest, in words. */
        public String busiest() {
            double most = Math.max(Math.max(worker, workerCard), Math.max(server, serverCard));
            if (most == worker) {
                return "workers";
            }
            if (most == server) {
                return "servers";
            }
            return most == serverCard ? "servers' network" : "workers' network";
        }
    }
}
