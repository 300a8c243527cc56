"""Predictions for supervision: boxes, scores, tracks and values, and what to do without it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgereg.api import to_supervision
from edgereg.core.errors import EdgeregError
from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult

Result = Callable[..., FrameResult]


@dataclass
class StandIn:
    """The fields of `supervision.Detections` that are filled."""

    xyxy: Any
    confidence: Any
    class_id: Any = None
    tracker_id: Any = None
    data: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(params=["stand-in", "real"])
def library(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real library where it is installed, and a stand-in for it."""
    if request.param == "real":
        pytest.importorskip("supervision")
    else:
        monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(Detections=StandIn))


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("count", [0, 2])
def test_values_of_regions(result: Result, count: int) -> None:
    detections = to_supervision(result(count=count).predictions["colour"])
    assert detections.xyxy.shape == (count, 4)
    assert np.allclose(detections.xyxy, [1, 2, 3, 4.5])
    assert np.allclose(detections.confidence, 0.5)
    assert detections.tracker_id.tolist() == [*range(count)]
    assert np.allclose(detections.data["red"], 10.1)
    assert np.allclose(detections.data["red_std"], 0.25)
    assert np.allclose(detections.data["green_initial"], 2)


@pytest.mark.usefixtures("library")
def test_detected_boxes(result: Result) -> None:
    boxes = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32)
    detections = to_supervision(
        Predictions("detection", "heads", (Boxes(),), boxes, np.ones(2, np.float32))
    )
    assert np.array_equal(detections.xyxy, boxes)
    assert detections.tracker_id is None


@pytest.mark.usefixtures("library")
def test_lists_stay_lists(result: Result) -> None:
    points = result(count=2).predictions["points"]
    detections = to_supervision(replace(points, regions=np.ones((2, 4), np.float32)))
    assert detections.data["points"].tolist() == [[7, 8], [7, 8]]


@pytest.mark.usefixtures("library")
def test_a_whole_frame_has_no_box(result: Result) -> None:
    with pytest.raises(EdgeregError, match="'points' looks at the whole frame"):
        to_supervision(result().predictions["points"])


def test_without_the_library(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(EdgeregError, match="pip install supervision"):
        to_supervision(result().predictions["colour"])
