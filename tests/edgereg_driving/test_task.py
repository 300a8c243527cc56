"""The driving task: what the network sees of a frame, and what is made of its answer."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_driving.marks import said
from edgereg_driving.task import Driving

from edgereg.api import Frame, GaugeMark, InputSpec, ModelSpec, Refinement, Target, TextMark
from edgereg.core.model_spec import Graph


def spec(settings: dict[str, float] | None = None, width: int | None = 32) -> ModelSpec:
    return ModelSpec(
        schema_version=1, name="m", version="1", task="driving", method="bel",
        targets=(Target(name="steering", unit="", low=-1, high=1),),
        input=InputSpec(width=width, height=width),
        graphs={"predict": Graph(file="predict.onnx", sha256="0" * 64)},
        features=("features",), settings=settings or {}, training_data="none", licence="none",
    )  # fmt: skip


def frame() -> Frame:
    image = np.zeros((100, 200, 3), np.uint8)
    image[30:] = 200
    return Frame(0, 0.0, image)


OUTPUTS = {
    "values": np.array([[0.25]], np.float32),
    "std": np.array([[0.1]], np.float32),
    "interval": np.array([[[0.1, 0.5]]], np.float32),
    "features": np.zeros((1, 8), np.float32),
}


def test_the_network_sees_the_band_that_the_model_names() -> None:
    task = Driving()
    prepared = task.prepare(frame(), None, spec({"top": 0.3}))
    assert prepared.images.shape == (1, 32, 32, 3)
    assert (prepared.images == 200).all()
    # Image = (frame - origin) * scale, at the band's corners.
    corners = (np.array([[0, 30], [200, 100]]) - prepared.origin) * prepared.scale
    np.testing.assert_allclose(corners, [[0, 0], [32, 32]])
    assert (task.prepare(frame(), None, spec()).images[0, 0] == 0).all()


def test_the_interval_of_the_model_reaches_the_prediction() -> None:
    task, known = Driving(), spec()
    prepared = task.prepare(frame(), None, known)
    found = task.conclude(task.propose(OUTPUTS, prepared, known), None, prepared, known)
    assert found[0]["steering"] == pytest.approx(0.25)
    assert found[0].interval("steering") == pytest.approx((0.1, 0.5))
    without = {name: array for name, array in OUTPUTS.items() if name != "interval"}
    plain = task.conclude(task.propose(without, prepared, known), None, prepared, known)
    assert plain.intervals is None
    assert plain[0].interval("steering") == pytest.approx((0.25 - 0.1645, 0.25 + 0.1645), abs=1e-3)


def test_refined_values_are_the_ends_of_the_trajectory() -> None:
    task, known = Driving(), spec()
    prepared = task.prepare(frame(), None, known)
    path = np.array([[[0.25], [0.3], [0.35]]], np.float32)
    climb = Refinement(path, np.zeros((1, 3), np.float32))
    found = task.conclude(task.propose(OUTPUTS, prepared, known), climb, prepared, known)
    assert found[0]["steering"] == pytest.approx(0.35)
    gauge = next(m for m in task.marks(found, (200, 100)) if isinstance(m, GaugeMark))
    assert (gauge.initial, gauge.value) == pytest.approx((0.25, 0.35))


@pytest.mark.parametrize("size", [(200, 100), (64, 48), (540, 960)])
def test_marks_lie_within_the_frame(size: tuple[int, int]) -> None:
    task, known = Driving(), spec()
    prepared = task.prepare(frame(), None, known)
    found = task.conclude(task.propose(OUTPUTS, prepared, known), None, prepared, known)
    gauge, text = task.marks(found, size)
    assert isinstance(gauge, GaugeMark)
    assert isinstance(text, TextMark)
    assert (gauge.origin - gauge.radius >= 0).all()
    assert (gauge.origin + gauge.radius <= size).all()
    assert text.text == "steering +25 %   90 %: +10 % to +50 %"


def test_angles_in_words() -> None:
    assert said(-12.34, "degree") == "-12.3°"
    assert said(0.5, "") == "+50 %"


def test_a_model_of_free_size_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed size"):
        Driving().prepare(frame(), None, spec(width=None))
