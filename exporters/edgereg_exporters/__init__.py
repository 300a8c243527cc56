"""From a checkpoint to a model folder: ONNX graphs, refinement analytic, checked against torch."""
