package io.dino4j.train.live;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RationTest {
    @Test
    void picturesAreMadeForThoseWhoAskAndTakeAHundredthOfTheTime() {
        Ration ration = new Ration(Duration.ofNanos(1000));
        assertFalse(ration.isDue(0), "nobody looks");
        ration.ask();
        assertTrue(ration.isDue(0), "the first time at once");
        ration.spend(0, 1);
        assertFalse(ration.isDue(10_000), "nobody has asked again");
        ration.ask();
        assertFalse(ration.isDue(1000), "not before the interval is over");
        assertTrue(ration.isDue(1001));
        ration.spend(2000, 2500);
        ration.ask();
        assertFalse(ration.isDue(2000 + 100 * 500 - 1), "what took longer waits longer");
        assertTrue(ration.isDue(2000 + 100 * 500));
    }
}
