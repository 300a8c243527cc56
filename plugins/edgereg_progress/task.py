"""The progress task: the frames of a clip so far -> how far its activity has come, in per cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgereg.api import (
    Kinds,
    Mark,
    ModelFolderError,
    ModelSpec,
    Predictions,
    Scalars,
    Settings,
    StepModel,
    scalar,
)
from edgereg_progress.marks import progress_marks
from edgereg_progress.state import ProgressState

NAME = "progress"
# Frames a second, where a model's settings do not say otherwise.
RATE = 2.0


@dataclass(frozen=True)
class Progress:
    """One number for the whole frame. Settings of the model that it reads: `rate`, frames a second
    that the network sees, and `memory`, how many numbers it remembers."""

    name: str = NAME
    title: str = "Progress: how far an activity has come"
    upstream: str | None = None
    model: Path = Path(__file__).parent / "models" / "progress"

    def kinds(self, spec: ModelSpec | None) -> Kinds:
        """The progress, 0 to 100 %."""
        return (scalar(NAME, "%", 0.0, 100.0) if spec is None else Scalars(spec.targets),)

    def open(self, model: StepModel | None, settings: Settings) -> ProgressState:
        """Nothing is remembered at first. Raises ModelFolderError for a model of another kind."""
        if model is None or model.spec.input.width is None or "memory" not in model.spec.settings:
            raise ModelFolderError("progress needs a model with a memory and a fixed input size")
        rate = model.spec.settings.get("rate", RATE)
        return ProgressState(self.name, model, self.kinds(model.spec), rate)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """A gauge, the course since the beginning, and a line of text."""
        return progress_marks(predictions, size)
