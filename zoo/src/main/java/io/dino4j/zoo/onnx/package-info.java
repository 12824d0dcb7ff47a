/**
 * A backbone as an ONNX model (opset 17), for ONNX Runtime, TensorRT, CoreML and whatever else reads such files. Start at
 * {@link io.dino4j.zoo.onnx.OnnxExport}. The graph is made of plain ONNX ops, the batch is always free and so is the image size unless it
 * is fixed by {@link io.dino4j.zoo.onnx.OnnxOptions}. Weights arrive as named arrays: this package knows no weight files.
 */
package io.dino4j.zoo.onnx;
