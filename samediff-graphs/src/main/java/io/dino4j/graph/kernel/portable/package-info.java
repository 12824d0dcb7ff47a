/**
 * The ops composed of ND4J array operations: slow, on any ND4J backend, in FLOAT and DOUBLE, and in BFLOAT16 by way of FLOAT. It is what other providers are
 * checked against, and what the gradients are checked with. Start at {@link io.dino4j.graph.kernel.portable.PortableProvider};
 * each kernel reads like the formula on its op. It depends on nothing but the ops and ND4J.
 */
package io.dino4j.graph.kernel.portable;
