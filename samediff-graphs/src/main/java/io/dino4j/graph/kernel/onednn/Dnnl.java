package io.dino4j.graph.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.dino4j.graph.kernel.KernelThreads;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.javacpp.Pointer;

/**
 * The library: one CPU engine and one stream for the process (CPU streams run at once, on the calling thread's OpenMP
 * team).
 */
final class Dnnl {
    /**
     * Binary post-op {@code i} of a primitive takes its operand as this argument: in oneDNN 3.11 the base is
     * multiplied.
     */
    static int postOpArgument(int i) {
        return DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (i + 1) | DNNL_ARG_SRC_1;
    }

    private static final Map<Integer, String> ISA = new TreeMap<>(Map.of(
            dnnl_cpu_isa_sse41, "SSE4.1",
            dnnl_cpu_isa_avx, "AVX",
            dnnl_cpu_isa_avx2, "AVX2",
            dnnl_cpu_isa_avx2_vnni, "AVX2 VNNI",
            dnnl_cpu_isa_avx512_core, "AVX-512",
            dnnl_cpu_isa_avx512_core_vnni, "AVX-512 VNNI",
            dnnl_cpu_isa_avx512_core_bf16, "AVX-512 bf16",
            dnnl_cpu_isa_avx10_1_512, "AVX-512 fp16",
            dnnl_cpu_isa_avx10_1_512_amx, "AMX",
            dnnl_cpu_isa_avx10_1_512_amx_fp16, "AMX fp16"));

    private Dnnl() {}

    static dnnl_engine engine() {
        return Live.ENGINE;
    }

    static dnnl_stream stream() {
        return Live.STREAM;
    }

    /** Version, instruction set and threads, for a person. */
    static String describe() {
        dnnl_version_t v = dnnl_version();
        int isa = dnnl_get_effective_cpu_isa();
        return "oneDNN %d.%d.%d, %s, %s, %d threads"
                .formatted(
                        v.major(),
                        v.minor(),
                        v.patch(),
                        ISA.getOrDefault(isa, "ISA 0x" + Integer.toHexString(isa)),
                        multipliesBfloat16() ? "bf16 instructions" : "no bf16 instructions",
                        KernelThreads.count());
    }

    /** True if the processor, as oneDNN sees it, has instructions for products of bfloat16 numbers. */
    static boolean multipliesBfloat16() {
        int bits = dnnl_cpu_isa_avx512_core_bf16 & ~dnnl_cpu_isa_avx512_core_vnni
                | dnnl_cpu_isa_avx2_vnni_2 & ~dnnl_cpu_isa_avx2_vnni;
        return (dnnl_get_effective_cpu_isa() & bits) != 0;
    }

    /** Fails with {@code what} unless oneDNN was content. */
    static void check(int status, String what) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN: %s failed with status %d%s"
                    .formatted(what, status, status == dnnl_unimplemented ? " (not implemented)" : ""));
        }
    }

    /** A native address as a pointer that owns nothing. */
    static Pointer at(long address) {
        return new Address(address);
    }

    private static final class Address extends Pointer {
        Address(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    /** Loads the library when it is first needed. */
    private static final class Live {
        static final dnnl_engine ENGINE = new dnnl_engine();
        static final dnnl_stream STREAM = new dnnl_stream();

        static {
            check(dnnl_engine_create(ENGINE, dnnl_cpu, 0), "creating the CPU engine");
            check(dnnl_stream_create(STREAM, ENGINE, dnnl_stream_default_flags), "creating a stream");
        }
    }
}
