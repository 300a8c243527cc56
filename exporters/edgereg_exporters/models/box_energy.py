"""The graphs of an energy over boxes, which detectors and the tracker share."""

from __future__ import annotations

from functools import partial

import torch
from edgereg_training.detection.energy import BoxEnergyNet, refine_boxes

from edgereg.core.model_spec import GraphName
from edgereg_exporters.graphs.box_graphs import box_density_graph, box_refine_graph
from edgereg_exporters.graphs.box_spread import box_spread_graph
from edgereg_exporters.models.exportable import Arrays, OtherGraph


def energy_graphs(net: BoxEnergyNet) -> dict[GraphName, OtherGraph]:
    """`refine`, `density` and `spread` of an energy."""
    weights, factors = net.weights(), net.get_buffer("factors").tolist()
    return {
        "refine": OtherGraph(partial(box_refine_graph, weights), partial(refine_reference, net)),
        "density": OtherGraph(partial(box_density_graph, weights), partial(density_reference, net)),
        "spread": OtherGraph(
            partial(box_spread_graph, weights, factors), partial(spread_reference, net)
        ),
    }


def refine_reference(net: BoxEnergyNet, inputs: Arrays) -> Arrays:
    """Algorithm 1 by autograd, from the inputs of the `refine` graph."""
    trajectory, energy = refine_boxes(
        net,
        torch.from_numpy(inputs["features"]),
        torch.from_numpy(inputs["initial"]),
        torch.from_numpy(inputs["step_length"]),
        float(inputs["decay"]),
        int(inputs["steps"]),
    )
    return {"trajectory": trajectory.numpy(), "energy": energy.numpy()}


def density_reference(net: BoxEnergyNet, inputs: Arrays) -> Arrays:
    """f from the inputs of the `density` graph."""
    features, grid = (torch.from_numpy(inputs[name]) for name in ("features", "grid"))
    return {"log_density": net(features, grid).numpy()}


def spread_reference(net: BoxEnergyNet, inputs: Arrays) -> Arrays:
    """The deviations from the inputs of the `spread` graph."""
    std, effective = net.spread(*(torch.from_numpy(inputs[name]) for name in ("features", "final")))
    return {"std": std.numpy(), "effective": effective.numpy()}
