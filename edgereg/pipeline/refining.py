"""The graphs that stand on a model's density: the ascent of candidates, and how sure boxes are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError
from edgereg.core.model_spec import RefinementSettings
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.tasks import Proposal
from edgereg.engines.base import Engine


def ascend(
    engine: Engine, proposal: Proposal, ascent: RefinementSettings, steps: int
) -> Refinement:
    """Run the `refine` graph (Algorithm 1 of the EBM paper) on all candidates in one call.

    B images with K candidates each, D numbers a candidate.

    Returns a trajectory [B*K, steps+1, D] and energies [B*K, steps+1].
    Raises EngineError where the task did not hand over a feature that the graph takes.
    """
    batch, candidates, width = proposal.initial.shape
    if not batch * candidates:
        return Refinement(
            np.zeros((0, steps + 1, width), np.float32), np.zeros((0, steps + 1), np.float32)
        )
    given: dict[str, npt.NDArray[Any]] = {
        "initial": proposal.initial,
        "step_length": np.asarray(ascent.step_length, np.float32),
        "decay": np.asarray(ascent.decay, np.float32),
        "steps": np.asarray(steps, np.int64),
    }
    outputs = engine.run({**proposal.features, **given})
    trajectory, energy = outputs["trajectory"], outputs["energy"]
    if trajectory.shape != (batch, candidates, steps + 1, width):
        raise EngineError(
            f"'trajectory' has shape {list(trajectory.shape)}, "
            f"expected is {[batch, candidates, steps + 1, width]}"
        )
    return Refinement(trajectory.reshape(-1, steps + 1, width), energy.reshape(-1, steps + 1))


def with_spread(engine: Engine, predictions: Predictions) -> Predictions:
    """The N predictions with the standard deviations that the `spread` graph gives of their boxes.

    Raises EngineError where the graph fails or its output is of another shape.
    """
    if not len(predictions):
        return predictions
    scale, offset = predictions.to_graph or (np.float32(1), np.float32(0))
    final = np.asarray(predictions.values * scale + offset, np.float32)[None]
    std = engine.run({**predictions.features, "final": final})["std"]
    if std.shape != final.shape:
        raise EngineError(f"'std' has shape {list(std.shape)}, expected is {list(final.shape)}")
    return replace(predictions, std=np.asarray(std[0] / scale, np.float32))
