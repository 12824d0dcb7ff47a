package io.dino4j.train.scaling;

import java.util.Arrays;

/** What happens, in the order of time; at the same time, in the order in which it was planned. A binary heap. */
final class EventQueue {
    /** Something that happens. */
    @FunctionalInterface
    interface Event {
        void happen(double now);
    }

    private double[] times = new double[1024];
    private long[] order = new long[1024];
    private Event[] events = new Event[1024];
    private int size;
    private long planned;

    /** Plans something. */
    void at(double time, Event event) {
        if (size == times.length) {
            times = Arrays.copyOf(times, 2 * size);
            order = Arrays.copyOf(order, 2 * size);
            events = Arrays.copyOf(events, 2 * size);
        }
        long number = planned++;
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) / 2;
            if (!isBefore(time, number, parent)) {
                break;
            }
            move(parent, i);
            i = parent;
        }
        put(i, time, number, event);
    }

    /** Lets everything happen that is planned, and what that leads to. */
    void run() {
        while (size > 0) {
            double now = times[0];
            Event first = events[0];
            removeFirst();
            first.happen(now);
        }
    }

    private void removeFirst() {
        size--;
        double time = times[size];
        long number = order[size];
        Event last = events[size];
        events[size] = null;
        int i = 0;
        while (2 * i + 1 < size) {
            int child = 2 * i + 1;
            if (child + 1 < size && isBefore(times[child + 1], order[child + 1], child)) {
                child++;
            }
            if (isBefore(time, number, child)) {
                break;
            }
            move(child, i);
            i = child;
        }
        if (size > 0) {
            put(i, time, number, last);
        }
    }

    private boolean isBefore(double time, long number, int other) {
        return time < times[other] || time == times[other] && number < order[other];
    }

    private void move(int from, int to) {
        put(to, times[from], order[from], events[from]);
    }

    private void put(int i, double time, long number, Event event) {
        times[i] = time;
        order[i] = number;
        events[i] = event;
    }
}
