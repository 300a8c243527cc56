"""One mark of every kind, with a pixel that it must colour."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from edgereg.core import marks as m

# Windows are not shown on anybody's screen during tests.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

SIZE = (320, 240)


def _f(*values: object) -> npt.NDArray[np.float32]:
    return np.asarray(values, np.float32)


@dataclass(frozen=True)
class Sample:
    """A mark, and a place (x, y) inside its ink."""

    mark: m.Mark
    inked: tuple[int, int]


_X = np.linspace(-90, 90, 61, dtype=np.float32)
_DENSITY = np.exp(-0.5 * (_X / 15) ** 2).astype(np.float32)
_LINE = np.linspace([40, 40], [200, 160], 11, dtype=np.float32)

SAMPLES = {
    "box": Sample(m.BoxMark(_f(60, 50, 180, 190)), (60, 120)),
    "box, initial": Sample(m.BoxMark(_f(60, 50, 180, 190), "initial"), (62, 50)),
    "box, trajectory": Sample(m.BoxMark(_f(60, 50, 180, 190), "trajectory"), (60, 120)),
    "polyline": Sample(m.PolylineMark(_LINE), (120, 100)),
    "polyline, closed": Sample(
        m.PolylineMark(_f([50, 50], [250, 50], [150, 200]), True), (100, 125)
    ),
    "polyline, trajectory": Sample(m.PolylineMark(_LINE, role="trajectory"), (200, 160)),
    "points": Sample(m.PointsMark(_LINE, radius=4), (104, 88)),
    "points, initial": Sample(m.PointsMark(_LINE, 4, "initial"), (104, 88)),
    "points, trajectory": Sample(m.PointsMark(_LINE, 4, "trajectory"), (200, 160)),
    "axes": Sample(m.AxesMark(_f(150, 120), _f([90, 120], [150, 200], [200, 90])), (120, 120)),
    "axes, initial": Sample(
        m.AxesMark(_f(150, 120), _f([90, 120], [150, 200], [200, 90]), "initial"), (149, 120)
    ),
    "text": Sample(m.TextMark("yaw −12.3°", _f(60, 120)), (62, 110)),
    "gauge": Sample(
        m.GaugeMark(_f(150, 110), 50, 12, -45, 45, initial=-20, label="+12"), (150, 110)
    ),
    "heatmap": Sample(m.HeatmapMark(np.eye(6, dtype=np.float32), _f(60, 60, 220, 180)), (73, 70)),
    "curve": Sample(
        m.CurveMark(_X, _DENSITY, _f(60, 60, 220, 180), initial=-20, final=0), (140, 120)
    ),
}


@pytest.fixture(params=SAMPLES, ids=str)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Each kind of mark in turn."""
    return SAMPLES[request.param]


@pytest.fixture
def frame() -> npt.NDArray[np.uint8]:
    """A mid-grey frame, 320 x 240."""
    return np.full((SIZE[1], SIZE[0], 3), 100, np.uint8)
