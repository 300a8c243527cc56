"""What the progress task remembers of one clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgereg.api import FloatArray, Frame, Kinds, Predictions, Prompt, Regions, StepModel, band

# Moments of the course that are kept; when there are more, every second one is dropped.
MOST_MOMENTS = 256
# A frame that comes so early counts as in time, s: clocks of videos are rounded.
EARLY_S = 1e-3


class ProgressState:
    """The network's memory, its last answer, and the course of the answers so far."""

    def __init__(self, task: str, model: StepModel, kinds: Kinds, rate: float) -> None:
        self._task, self._model, self._kinds = task, model, kinds
        self._interval_s = 1 / rate
        self._size = int(model.spec.input.width or 0), int(model.spec.input.height or 0)
        self.reset("clip")

    def reset(self, why: str) -> None:
        """Forget everything: what comes now does not follow what was."""
        self._memory = np.zeros((1, int(self._model.spec.settings["memory"])), np.float32)
        self._answer: dict[str, Any] = {}
        self._course: list[tuple[float, float]] = []
        self._next_s = -np.inf

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        """The network looks at some frames a second; between them its last answer stands."""
        if frame.time_s >= self._next_s - EARLY_S:
            self._look(frame)
        found = self._answer
        course = np.array(self._course, np.float32)
        return Predictions(
            task=self._task,
            model=self._model.spec.name,
            kinds=self._kinds,
            values=self._within(found["values"]),
            scores=np.ones(1, np.float32),
            std=np.asarray(found["std"], np.float32),
            intervals=self._within(found["interval"]),
            features={"features": self._memory, "course": course[None]},
        )

    def _within(self, numbers: Any) -> FloatArray:
        """Numbers that the network gives, within the target's range: densities reach beyond it."""
        target = self._model.spec.targets[0]
        return np.clip(np.asarray(numbers, np.float32), target.low, target.high)

    def _look(self, frame: Frame) -> None:
        image = band(frame.image, (0.0, 1.0), self._size)[0]
        seen = self._model.run("predict", {"images": image[None]})
        found = self._model.run("remember", {"features": seen["features"], "memory": self._memory})
        self._memory, self._answer = np.asarray(found["after"], np.float32), found
        self._next_s = frame.time_s + self._interval_s
        self._course.append((frame.time_s, float(self._within(found["values"])[0, 0])))
        if len(self._course) > MOST_MOMENTS:
            self._course = self._course[::2]
