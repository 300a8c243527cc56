"""The OpenCV and the Qt painter put ink at the same places, and neither stumbles over bad marks."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtGui import QGuiApplication, QImage, QPainter

from edgereg.app.look import paint_qt
from edgereg.core import marks as m
from edgereg.paint.opencv import paint
from edgereg.paint.style import unit_of


def _paint_qt(frame: Any, marks: list[m.Mark]) -> Any:
    height, width = frame.shape[:2]
    canvas = np.dstack([frame[..., ::-1], np.full((height, width), 255, np.uint8)]).copy()
    image = QImage(canvas.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_qt.paint(painter, marks, (width, height), unit_of(width, height))
    painter.end()
    return canvas[..., 2::-1]


def _ink(before: Any, after: Any) -> Any:
    return np.abs(before.astype(int) - after).max(axis=-1) > 15


def _missed(ink: Any, other: Any) -> float:
    """Share of ink farther than two pixels from the other painter's ink."""
    reach = cv2.dilate(other.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    return float((ink & ~reach).sum() / max(ink.sum(), 1))


def test_same_ink(qapp: QGuiApplication, sample: Any, frame: Any) -> None:
    by_cv = _ink(frame, paint(frame, [sample.mark]))
    by_qt = _ink(frame, _paint_qt(frame, [sample.mark]))
    assert by_qt.sum() > 20
    # The fonts differ, and with them the length of a plate.
    tolerance = 0.25 if isinstance(sample.mark, m.TextMark) else 0.03
    assert _missed(by_cv, by_qt) < tolerance
    assert _missed(by_qt, by_cv) < tolerance
    assert by_cv.sum() == pytest.approx(by_qt.sum(), rel=0.35)


def test_qt_leaves_bad_marks_out(qapp: QGuiApplication, frame: Any) -> None:
    nan = np.full(4, np.nan, np.float32)
    bad: list[m.Mark] = [
        m.BoxMark(nan),
        m.TextMark("lost", nan[:2]),
        m.AxesMark(nan[:2], nan.reshape(2, 2)),
        m.GaugeMark(nan[:2], 20, 1, 0, 2),
        m.BoxMark(np.array([1e9, 1e9, 2e9, 2e9], np.float32)),
    ]
    assert np.array_equal(_paint_qt(frame, bad), frame)


def test_text_is_rendered(qapp: QGuiApplication, frame: Any) -> None:
    """A system without fonts would leave an empty plate."""
    painted = _paint_qt(frame, [m.TextMark("HHHH", np.array([40, 120], np.float32))])
    assert (painted.min(axis=-1) > 180).sum() > 20
