"""The depth task: what the network sees of a frame, and how its map is given, drawn and shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from edgereg_depth.marks import at, nearness
from edgereg_depth.panel import depth_panel
from edgereg_depth.task import Depth

from edgereg.api import (
    Frame,
    HeatmapMark,
    InputSpec,
    ModelSpec,
    PanelCurve,
    PanelNumber,
    PanelPicture,
    Predictions,
    Target,
    TextMark,
)
from edgereg.core.model_spec import Graph


def spec(settings: dict[str, float] | None = None, width: int | None = 32) -> ModelSpec:
    return ModelSpec(
        schema_version=1, name="m", version="1", task="depth", method="regcls",
        targets=(Target(name="depth", unit="m", low=0, high=10),),
        input=InputSpec(width=width, height=24),
        graphs={"predict": Graph(file="predict.onnx", sha256="0" * 64)},
        settings={"map_width": 4, "map_height": 3} if settings is None else settings,
        training_data="none", licence="none",
    )  # fmt: skip


DEPTHS = np.arange(12, dtype=np.float32)[None] + 0.5
OUTPUTS = {
    "values": DEPTHS,
    "std": np.full((1, 12), 0.3, np.float32),
    "interval": np.stack([DEPTHS - 0.5, DEPTHS + 0.5], axis=-1),
}


@pytest.fixture
def found() -> Predictions:
    task, known = Depth(), spec()
    frame = Frame(0, 0.0, np.full((90, 160, 3), 7, np.uint8))
    prepared = task.prepare(frame, None, known)
    assert prepared.images.shape == (1, 24, 32, 3)
    return task.conclude(task.propose(OUTPUTS, prepared, known), None, prepared, known)


def test_the_map_comes_row_by_row_within_its_range(found: Predictions) -> None:
    depth = found[0]["depth"]
    assert depth.shape == (3, 4)
    assert depth[1].tolist() == [4.5, 5.5, 6.5, 7.5]
    assert depth.max() == 10
    low, high = found[0].interval("depth")
    np.testing.assert_allclose((high - low)[:2], 1)
    assert high.max() == 10
    assert found[0].std("depth").shape == (3, 4)


def test_near_is_bright_and_the_frame_is_covered(found: Predictions) -> None:
    heat, *others = Depth().marks(found, (200, 150))
    assert isinstance(heat, HeatmapMark)
    assert heat.box.tolist() == [0, 0, 200, 150]
    assert heat.values[0, 0] == 1
    assert heat.values[-1, -1] == 0
    assert (np.diff(heat.values.ravel()) <= 0).all()
    texts = [mark.text for mark in others if isinstance(mark, TextMark)]
    assert texts[1] == f"{at(found[0]['depth'], 0.5, 0.5):.1f} m"


def test_an_even_wall_is_drawn() -> None:
    assert np.isfinite(nearness(np.full((3, 4), 2, np.float32))).all()


def test_the_panel_shows_the_map_and_a_row(found: Predictions) -> None:
    items = depth_panel(found, 0, {"row": "lower"})
    picture = next(item for item in items if isinstance(item, PanelPicture))
    assert picture.image.shape == (24, 32, 3)
    numbers = {item.name: item.value for item in items if isinstance(item, PanelNumber)}
    assert numbers == {"nearest": 0.5, "farthest": 10, "width of 90 %": pytest.approx(10 / 12)}
    curve = next(item for item in items if isinstance(item, PanelCurve))
    assert curve.y.tolist() == [8.5, 9.5, 10, 10]
    assert depth_panel(None, None, {}) == []


def test_nothing_found_is_not_drawn(found: Predictions) -> None:
    none = replace(Predictions.none("depth", "m", found.kinds))
    assert Depth().marks(none, (20, 10)) == []


def test_a_model_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="map_width"):
        Depth().kinds(spec(settings={}))
    frame = Frame(0, 0.0, np.zeros((9, 16, 3), np.uint8))
    with pytest.raises(ValueError, match="fixed size"):
        Depth().prepare(frame, None, spec(width=None))
