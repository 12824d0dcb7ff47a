package io.dino4j.spark.train;

/**
 * How a command has ended. As a text it goes from task to task and to the driver, whatever serialiser Spark uses.
 *
 * @param code exit code of the command
 * @param message what it has to say for itself if that is not 0: one line
 */
record Ending(int code, String message) {
    boolean isGood() {
        return code == 0;
    }

    String text() {
        return code + " " + message;
    }

    static Ending parse(String text) {
        int space = text.indexOf(' ');
        return new Ending(Integer.parseInt(text.substring(0, space)), text.substring(space + 1));
    }
}
