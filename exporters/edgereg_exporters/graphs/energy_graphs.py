"""Refinement and density graphs of any energy: ONNX, standard operators, opset 18."""

from __future__ import annotations

import onnx

from edgereg_exporters.graphs.box_graphs import box_density_graph, box_refine_graph
from edgereg_exporters.graphs.energies import BoxEnergy, TargetEnergy
from edgereg_exporters.graphs.every_step import ALGORITHM_1, Ascent
from edgereg_exporters.graphs.target_graphs import target_density_graph, target_refine_graph


def refine_graph(energy: TargetEnergy | BoxEnergy, how: Ascent = ALGORITHM_1) -> onnx.ModelProto:
    """An ascent of the EBM paper, its gradient written out analytically; of boxes by Algorithm 1.

    Inputs: features (float32 [B, F], or [B, C, H, W] for boxes), initial [B, K, D] in target units
    (boxes: x1, y1, x2, y2 in image pixels), step_length [D] in the energy's coordinates, decay [],
    steps int64 []. Outputs: trajectory [B, K, steps+1, D], in the units of `initial`, and energy
    [B, K, steps+1]. B, K, H and W are free, and steps may be 0.
    """
    if isinstance(energy, BoxEnergy):
        return box_refine_graph(energy)
    return target_refine_graph(energy, how)


def density_graph(energy: TargetEnergy | BoxEnergy) -> onnx.ModelProto:
    """The unnormalised log-density f on a grid.

    Inputs: features as for `refine_graph`, grid [B, G, D] in target units. Output: log_density
    [B, G].
    """
    if isinstance(energy, BoxEnergy):
        return box_density_graph(energy)
    return target_density_graph(energy)
