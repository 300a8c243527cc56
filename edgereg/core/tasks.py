"""The task contract: what a plugin supplies so that edgereg can run it on frames.

There are two shapes of task. A *region task* remembers nothing; a frame goes through it in calls
of this order, and between 2 and 3 the runner climbs the `refine` graph where the model has one:

1. `prepare(frame, regions, spec)`: frame -> uint8 crops for the `predict` graph
2. `propose(outputs, prepared, spec)`: what `predict` returned -> candidates to start refinement at
3. `conclude(proposal, refinement, prepared, spec)`: refined candidates -> Predictions of the frame
4. `marks(predictions, size)`: Predictions -> marks to draw

A task may also have `panel(result, row, chosen)`, which gives the window a panel of its own
(`edgereg.core.panels`).

A *step task* has a memory of one clip: `open(model, settings)` makes a state, and its
`step(frame, regions, prompts)` is called once for every frame, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeIs

from edgereg.core.arrays import FloatArray, Value
from edgereg.core.frames import Frame
from edgereg.core.kinds import Kinds
from edgereg.core.marks import Mark
from edgereg.core.model_spec import ModelSpec
from edgereg.core.predictions import Predictions, Refinement
from edgereg.core.regions import Prompt, Regions
from edgereg.core.settings import Settings


@dataclass(frozen=True)
class Prepared:
    """Input of one `predict` call.

    images: uint8 [B, h, w, 3] RGB (B may be 0: then nothing is run).
    origin: float32 [B, 2], frame pixel (x, y) of each image's upper left corner.
    scale: float32 [B, 2], image pixels per frame pixel (x, y).
    regions: float32 [B, 4] in frame pixels, or None for a whole frame.
    frame_size: (width, height) of the frame.
    turns: float32 [B, 3, 3], of a camera turned to each region, where the images are its; origin
        and scale then only nearly say where a pixel comes from.
    """

    images: npt.NDArray[np.uint8]
    origin: FloatArray
    scale: FloatArray
    regions: FloatArray | None
    frame_size: tuple[int, int]
    turns: FloatArray | None = None


@dataclass(frozen=True)
class Proposal:
    """Candidates from `predict`, in the units that the `refine` graph takes.

    initial: float32 [B, K, D]; scores: float32 [B, K].
    features: what `refine` and `density` take besides, each with leading dimension B. Hand on what
        `predict` returned: it may still be on the engine's device, and then needs no copy.
    std: float32 [B, K, D] or None. labels: int64 [B, K], classes of boxes, or None.
    intervals: float32 [B, K, D, 2], central 90 % of the density, or None.
    """

    initial: FloatArray
    scores: FloatArray
    features: Mapping[str, Value] = field(default_factory=dict)
    std: FloatArray | None = None
    labels: npt.NDArray[np.int64] | None = None
    intervals: FloatArray | None = None


class _Described(Protocol):
    """What every task says of itself."""

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

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """What to draw for one frame of this size (width, height)."""
        ...


class RegionTask(_Described, Protocol):
    """One kind of regression on frames or regions. Holds no state between frames."""

    @property
    def model(self) -> Path:
        """The default model folder."""
        ...

    def kinds(self, spec: ModelSpec) -> Kinds:
        """What its values are, with this model."""
        ...

    def prepare(self, frame: Frame, regions: Regions | None, spec: ModelSpec) -> Prepared:
        """regions: of the upstream task, or None: the whole frame."""
        ...

    def propose(self, outputs: Mapping[str, Any], prepared: Prepared, spec: ModelSpec) -> Proposal:
        """outputs: what the `predict` graph returned, as arrays. Those that `spec.features` names
        may be on the engine's device (`DeviceArray`); reading one copies it.
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


class StepModel(Protocol):
    """A loaded model folder, for a step task: its description and its graphs."""

    @property
    def spec(self) -> ModelSpec:
        """The content of model.json."""
        ...

    def run(self, graph: str, inputs: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        """Run one graph of the folder, by its name. Raises EngineError."""
        ...


class State(Protocol):
    """A step task's memory of one clip."""

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        """The next frame of the clip, also where nothing was found in it.

        regions: of the upstream task (none where there is no upstream). prompts: those that are
        new with this frame.
        """
        ...

    def reset(self, why: str) -> None:
        """Forget everything: the next frame does not follow the last ('seek', 'clip', 'cut')."""
        ...


class StepTask(_Described, Protocol):
    """A task with a memory: a tracker, a counter, a smoother. May have no network at all."""

    @property
    def model(self) -> Path | None:
        """The default model folder, or None where the task needs none."""
        ...

    def kinds(self, spec: ModelSpec | None) -> Kinds:
        """What its values are, with this model."""
        ...

    def open(self, model: StepModel | None, settings: Settings) -> State:
        """A state for one run of one clip. settings: may change between two steps."""
        ...


Task: TypeAlias = RegionTask | StepTask


def is_step_task(task: Task) -> TypeIs[StepTask]:
    """Whether a task has a memory."""
    return callable(getattr(task, "open", None))
