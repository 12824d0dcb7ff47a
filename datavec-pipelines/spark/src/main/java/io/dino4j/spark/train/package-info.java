/**
 * Training as one barrier stage of a Spark job: {@link io.dino4j.spark.train.SparkTraining} is what the driver does,
 * {@link io.dino4j.spark.train.ClusterTask} what each task does. What servers and workers do are commands of the command line; here is only
 * what places them, tells them of each other, and ends them together.
 */
package io.dino4j.spark.train;
