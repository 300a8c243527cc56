"""The task contract: what a plugin supplies so that edgereg can run it on frames.

One frame goes through a task in four calls, in this order:

1. `prepare(frame, regions, spec)`: frame -> uint8 crops for the `predict` graph
2. `propose(outputs, prepared, spec)`: what `predict` returned -> candidates to start refinement at
3. `conclude(proposal, refinement, prepared, spec)`: refined candidates -> Predictions of the frame
4. `marks(predictions)`: Predictions -> marks to draw

Between 2 and 3 the pipeline runs the `refine` graph, if the model has one and refinement is on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgereg.core.marks import Mark
from edgereg.core.predictions import FloatArray, Predictions, Refinement
from edgereg.engines.base import Value
from edgereg.models.schema import ModelSpec


@dataclass(frozen=True)
class Prepared:
    """Input of one `predict` call.

    images: uint8 [B, h, w, 3] RGB (B may be 0: then nothing is run).
    origin: float32 [B, 2], frame pixel (x, y) of each image's upper left corner.
    scale: float32 [B, 2], image pixels per frame pixel (x, y).
    regions: float32 [B, 4] in frame pixels, or None for a whole frame.
    frame_size: (width, height) of the frame.
    """

    images: npt.NDArray[np.uint8]
    origin: FloatArray
    scale: FloatArray
    regions: FloatArray | None
    frame_size: tuple[int, int]


@dataclass(frozen=True)
class Proposal:
    """Candidates from `predict`, in the units that the `refine` graph takes.

    initial: float32 [B, K, D]; scores: float32 [B, K].
    features: what `refine` and `density` take besides, each with leading dimension B. Hand on what
        `predict` returned: it may still be on the engine's device, and then needs no copy.
    std: float32 [B, K, D] or None.
    """

    initial: FloatArray
    scores: FloatArray
    features: Mapping[str, Value] = field(default_factory=dict)
    std: FloatArray | None = None


class Task(Protocol):
    """One kind of regression on frames or regions. Implementations hold no state between frames."""

    @property
    def name(self) -> str:
        """Short lower-case name, used in commands and results, e.g. 'headpose'."""
        ...

    @property
    def title(self) -> str:
        """One line for people."""
        ...

    @property
    def upstream(self) -> str | None:
        """Name of the task whose predictions are this task's regions; None: the whole frame."""
        ...

    @property
    def model(self) -> Path:
        """The default model folder."""
        ...

    def prepare(
        self, frame: npt.NDArray[np.uint8], regions: FloatArray | None, spec: ModelSpec
    ) -> Prepared:
        """frame: uint8 [H, W, 3] RGB; regions: float32 [N, 4] or None (whole frame)."""
        ...

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: ModelSpec) -> Proposal:
        """outputs: what the `predict` graph returned, as arrays. Those that `spec.features` names
        may be on the engine's device (`edgereg.engines.base.DeviceArray`); reading one copies it.
        """
        ...

    def conclude(
        self,
        proposal: Proposal,
        refinement: Refinement | None,
        prepared: Prepared,
        spec: ModelSpec,
    ) -> Predictions:
        """refinement: trajectory [B*K, T+1, D] and energy [B*K, T+1], or None if not refined."""
        ...

    def regions(self, predictions: Predictions) -> FloatArray:
        """float32 [N, 4]: the boxes in frame pixels that downstream tasks look at."""
        ...

    def marks(self, predictions: Predictions) -> Sequence[Mark]:
        """What to draw for one frame."""
        ...
