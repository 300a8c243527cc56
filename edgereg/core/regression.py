"""What most region tasks do: the values that a model gives of each image become predictions.

The shapes are those of models that `edgereg export` writes: `values` and `std` [B, D], `interval`
[B, D, 2] (the central 90 %) and the features that `refine` and `density` take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgereg.core.kinds import Kinds
from edgereg.core.model_spec import ModelSpec
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.tasks import Prepared, Proposal


def propose_values(outputs: Mapping[str, Any], spec: ModelSpec) -> Proposal:
    """One candidate for each of B images: the output `values` [B, D], with its `std` [B, D] and
    `interval` [B, D, 2] where the model gives them, and the features that `spec` names."""

    def of_candidates(name: str) -> Any:
        return np.asarray(outputs[name], np.float32)[:, None] if name in outputs else None

    values = np.asarray(outputs["values"], np.float32)
    return Proposal(
        initial=values[:, None],
        scores=np.ones((len(values), 1), np.float32),
        features={name: outputs[name] for name in spec.features},
        std=of_candidates("std"),
        intervals=of_candidates("interval"),
    )


def conclude_values(
    task: str,
    kinds: Kinds,
    proposal: Proposal,
    refinement: Refinement | None,
    prepared: Prepared,
    spec: ModelSpec,
) -> Predictions:
    """A prediction for each image: its only candidate, at the end of its trajectory where it was
    refined, in the model's own units."""
    return Predictions(
        task=task,
        model=spec.name,
        kinds=kinds,
        values=proposal.initial[:, 0] if refinement is None else refinement.final,
        scores=proposal.scores[:, 0],
        regions=prepared.regions,
        std=None if proposal.std is None else proposal.std[:, 0],
        refinement=refinement,
        features=proposal.features,
        intervals=None if proposal.intervals is None else proposal.intervals[:, 0],
    )
