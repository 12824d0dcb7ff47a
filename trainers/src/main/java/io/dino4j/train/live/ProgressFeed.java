package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import io.dino4j.data.Progress;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/** Hands everything on to the console, and keeps for the page what the run is at and what it has said of late. */
final class ProgressFeed implements Progress {
    private static final int KEPT = 100;

    private record Task(String name, long done, long total) {}

    private record Message(long time, String text) {}

    private final Progress console;
    private final Deque<Message> messages = new ArrayDeque<>();
    private Task task = new Task("starting", 0, 0);

    ProgressFeed(Progress console) {
        this.console = console;
    }

    @Override
    public void begin(String name, long done, long total) {
        console.begin(name, done, total);
        synchronized (this) {
            task = new Task(name, done, total);
        }
    }

    @Override
    public void advance(long done, Map<String, Double> values) {
        console.advance(done, values);
        synchronized (this) {
            task = new Task(task.name, done, task.total);
        }
    }

    @Override
    public void end() {
        console.end();
    }

    @Override
    public void say(String line) {
        console.say(line);
        synchronized (this) {
            if (messages.stream().anyMatch(m -> m.text.equals(line))) {
                return; // an unreadable file is met again in each pass over the images
            }
            messages.addLast(new Message(System.currentTimeMillis(), line));
            if (messages.size() > KEPT) {
                messages.removeFirst();
            }
        }
    }

    /** Writes {@code "task":{"name":..,"done":..,"total":..},"messages":[{"time":..,"text":..}]}; times in ms since 1970. */
    synchronized void write(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("task");
        json.writeStringField("name", task.name);
        json.writeNumberField("done", task.done);
        json.writeNumberField("total", task.total);
        json.writeEndObject();
        json.writeArrayFieldStart("messages");
        for (Message message : messages) {
            json.writeStartObject();
            json.writeNumberField("time", message.time);
            json.writeStringField("text", message.text);
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
