"""The progress task: what it remembers, when the network looks, and how the answer is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from edgereg_progress.state import MOST_MOMENTS, ProgressState
from edgereg_progress.task import Progress

from edgereg.api import (
    Frame,
    GaugeMark,
    InputSpec,
    ModelFolderError,
    ModelSpec,
    PolylineMark,
    Predictions,
    Regions,
    Settings,
    Target,
    TextMark,
)
from edgereg.core.model_spec import Graph

NONE = Regions.of_boxes([])


def spec(settings: dict[str, float] | None = None) -> ModelSpec:
    return ModelSpec(
        schema_version=1, name="m", version="1", task="progress", method="regcls",
        targets=(Target(name="progress", unit="%", low=0, high=100),),
        input=InputSpec(width=16, height=16),
        graphs={"predict": Graph(file="predict.onnx", sha256="0" * 64)},
        features=("features",), training_data="none", licence="none",
        settings={"rate": 2.0, "memory": 3} if settings is None else settings,
    )  # fmt: skip


class Counting:
    """A model whose memory counts what it has seen; every look is worth 10 %."""

    def __init__(self, settings: dict[str, float] | None = None) -> None:
        self.spec = spec(settings)
        self.looks = 0

    def run(self, graph: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        if graph == "predict":
            assert inputs["images"].shape == (1, 16, 16, 3)
            self.looks += 1
            return {"features": np.ones((1, 5), np.float32)}
        assert graph == "remember"
        after = inputs["memory"] + 1
        value = 10 * after[:, :1]
        interval = np.stack([value - 5, value + 5], axis=-1)
        return {"after": after, "values": value, "std": value * 0 + 3, "interval": interval}


def run(state: ProgressState, times: np.ndarray) -> list[Predictions]:
    image = np.zeros((30, 40, 3), np.uint8)
    return [state.step(Frame(i, float(t), image), NONE, ()) for i, t in enumerate(times)]


def test_the_network_looks_at_two_frames_a_second() -> None:
    model = Counting()
    found = run(Progress().open(model, Settings()), np.arange(25) / 10)
    assert model.looks == 5
    values = [float(each[0]["progress"]) for each in found]
    assert values == [10] * 5 + [20] * 5 + [30] * 5 + [40] * 5 + [50] * 5
    assert found[-1][0].interval("progress") == (45, 55)
    np.testing.assert_allclose(found[-1].features["course"][0, :, 0], [0, 0.5, 1, 1.5, 2])


def test_frames_that_are_dropped_cost_no_looks() -> None:
    model = Counting()
    run(Progress().open(model, Settings()), np.array([0.0, 3.0, 3.2, 9.0]))
    assert model.looks == 3


@pytest.mark.parametrize("why", ["seek", "cut", "clip"])
def test_after_a_jump_it_begins_anew(why: str) -> None:
    state = Progress().open(Counting(), Settings())
    run(state, np.arange(40) / 10)
    state.reset(why)
    (first,) = run(state, np.array([1.0]))
    assert first[0]["progress"] == 10
    assert first.features["course"].shape == (1, 1, 2)


def test_states_of_two_clips_do_not_share_a_memory() -> None:
    task, model = Progress(), Counting()
    first, second = task.open(model, Settings()), task.open(model, Settings())
    run(first, np.arange(40) / 10)
    assert run(second, np.array([0.0]))[0][0]["progress"] == 10


def test_a_long_course_stays_short() -> None:
    state = Progress().open(Counting(), Settings())
    last = run(state, np.arange(3 * MOST_MOMENTS) * 0.6)[-1]
    course = last.features["course"][0]
    assert MOST_MOMENTS / 2 <= len(course) <= MOST_MOMENTS
    assert (np.diff(course[:, 0]) > 0).all()


@pytest.mark.parametrize("size", [(200, 100), (64, 48), (540, 960)])
def test_marks_lie_within_the_frame(size: tuple[int, int]) -> None:
    task = Progress()
    found = run(task.open(Counting(), Settings()), np.arange(30) / 10)[-1]
    marks = task.marks(found, size)
    gauge = next(mark for mark in marks if isinstance(mark, GaugeMark))
    assert (gauge.origin - gauge.radius >= 0).all()
    assert (gauge.origin + gauge.radius <= size).all()
    line = next(mark for mark in marks if isinstance(mark, PolylineMark))
    assert len(line.points) == 6
    assert (line.points >= 0).all()
    assert (line.points <= size).all()
    assert (np.diff(line.points[:, 1]) < 0).all()
    text = next(mark.text for mark in marks if isinstance(mark, TextMark))
    assert text == "progress 60 %   90 %: 55 to 65 %"
    assert task.marks(Predictions.none("progress", "m", found.kinds), size) == []


def test_a_model_without_a_memory_is_refused() -> None:
    with pytest.raises(ModelFolderError, match="a memory"):
        Progress().open(Counting({"rate": 2}), Settings())
    with pytest.raises(ModelFolderError, match="a memory"):
        Progress().open(None, Settings())
