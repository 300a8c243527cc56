"""A model without a graph: it answers what a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.model_spec import ModelSpec
from edgereg.core.tasks import Task, is_step_task
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.loading import LoadedModel, LoadedRegionTask, LoadedStepTask, LoadedTask

Answer = Callable[[npt.NDArray[np.uint8]], Mapping[str, Any]]


@dataclass
class FakeModel:
    """Stands for a model folder and its engine.

    answer: the outputs of `predict`, by name: the same for every call, or what a function makes of
    the images, uint8 [B, h, w, 3]. targets: (name, unit, low, high) of each. input: fields of
    `InputSpec`. settings, classes: as in `model.json`. asked: the images of every call so far.
    """

    answer: Mapping[str, Any] | Answer
    targets: Sequence[tuple[str, str, float, float]] = (("value", "", 0.0, 1.0),)
    input: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    classes: Sequence[str] = ()
    asked: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    provider: str = "fake"
    inputs: tuple[str, ...] = ("images",)
    outputs: tuple[str, ...] = ()

    def run(self, inputs: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        """What an engine does."""
        images = np.asarray(inputs["images"])
        self.asked.append(images)
        outputs = self.answer(images) if callable(self.answer) else self.answer
        return {name: np.asarray(value) for name, value in outputs.items()}

    def loaded(self, task: Task) -> LoadedTask:
        """The task with this model."""
        folder = ModelFolder(Path("fake"), self._spec(task.name))
        if is_step_task(task):
            return LoadedStepTask(task, LoadedModel(folder, {"predict": self}))
        return LoadedRegionTask(task, folder, self)

    def _spec(self, task: str) -> ModelSpec:
        names = ("name", "unit", "low", "high")
        return ModelSpec.model_validate(
            {
                "schema_version": 1,
                "name": "fake",
                "version": "0",
                "task": task,
                "method": "fake",
                "targets": [dict(zip(names, each, strict=True)) for each in self.targets],
                "input": dict(self.input),
                "graphs": {"predict": {"file": "predict.onnx", "sha256": "0" * 64}},
                "settings": dict(self.settings),
                "classes": list(self.classes),
                "training_data": "none",
                "licence": "none",
            }
        )
