/**
 * What a worker does with the parameter servers of a run: take a seat, bring all of them to one step, and exchange gradients for parameters. Start
 * at {@link io.dino4j.train.cluster.worker.ParameterClient}. It knows vectors and steps, and nothing of networks.
 */
package io.dino4j.train.cluster.worker;
