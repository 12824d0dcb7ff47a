/**
 * The two graphs of a DINOv2 training step: the {@link io.dino4j.graph.ssl.TeacherGraph teacher} makes targets from global crops, the
 * {@link io.dino4j.graph.ssl.StudentGraph student} sees all crops and is compared with them.
 */
package io.dino4j.graph.ssl;
