"""From a checkpoint to a model folder: ONNX graphs with analytic refinement, checked against torch."""
