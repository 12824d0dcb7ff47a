package io.dino4j.graph.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What is told to ND4J, by a stand-in that writes it down: there is no card here. */
final class BackendTest {
    private final List<String> told = new ArrayList<>();
    private final AffinityManager cards = (AffinityManager) Proxy.newProxyInstance(
            BackendTest.class.getClassLoader(), new Class<?>[] {AffinityManager.class}, (proxy, method, args) -> {
                told.add(method.getName() + (args == null ? "" : " " + args[args.length - 1]));
                return method.getReturnType() == int.class ? 3 : null;
            });
    private final INDArray numbers = Nd4j.createFromArray(1f, 2f, 3f, 4f);

    @Test
    void processorsAreToldNothing() {
        Backend here = new Backend(cards, false);
        here.attach(1);
        here.toHost(numbers);
        here.writtenOnHost(numbers);
        assertSame(numbers, here.here(numbers));
        assertEquals(Runtime.getRuntime().availableProcessors(), here.devices());
        assertEquals(List.of(), told);
        assertEquals(Providers.ONEDNN, Providers.on(here));
    }

    @Test
    void cardsAreCountedAndRunThePortableKernels() {
        Backend there = new Backend(cards, true);
        assertEquals(3, there.devices());
        assertEquals(Providers.PORTABLE, Providers.on(there));
        there.attach(2);
        assertEquals(List.of("getNumberOfDevices", "unsafeSetDevice 2"), told);
    }

    @Test
    void copiesGoByWayOfTheProcessor() {
        Backend there = new Backend(cards, true);
        INDArray to = Nd4j.zeros(4);
        there.copy(numbers, to);
        assertArrayEquals(new float[] {1, 2, 3, 4}, to.toFloatVector());
        assertEquals(List.of("ensureLocation HOST", "tagLocation HOST"), told);
        INDArray own = there.here(numbers);
        assertNotSame(numbers, own);
        assertEquals(numbers, own);
    }

    /** Part of a flat vector: the rest stays. */
    @Test
    void viewsAreCopiedWhereTheyLie() {
        INDArray whole = Nd4j.zeros(6);
        INDArray part = Nd4j.create(whole.data(), new long[] {4}, new long[] {1}, 1, 'c');
        new Backend(cards, true).copy(numbers, part);
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 0}, whole.toFloatVector());
    }

    @Test
    void theBackendOfTheTestsHasNoCards() {
        assertFalse(Backend.loaded().hasCards());
        assertTrue(Backend.loaded().devices() >= 1);
    }
}
