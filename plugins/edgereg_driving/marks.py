"""How a steering angle is drawn: a gauge, and a line with the angle and its 90 % interval."""

from __future__ import annotations

import numpy as np

from edgereg.api import GaugeMark, Mark, Predictions, Scalars, TextMark

# Radius of the gauge and its distance from the frame's border, as shares of the shorter side.
RADIUS, MARGIN = 0.13, 0.06


def steering_marks(predictions: Predictions, size: tuple[int, int]) -> list[Mark]:
    """Marks in the lower middle of a frame of `size` (width, height), where the road begins."""
    kind = predictions.kinds[0]
    if not len(predictions) or not isinstance(kind, Scalars):
        return []
    number, found = kind.numbers[0], predictions[0]
    width, height = size
    radius = RADIUS * min(size)
    place = np.array([width / 2, height - (1 + MARGIN / RADIUS) * radius], np.float32)
    value, interval = float(found[number.name]), found.interval(number.name)
    # A half above the middle is to the right, as the wheel is turned.
    gauge = GaugeMark(
        origin=place,
        radius=radius,
        value=value,
        low=number.low,
        high=number.high,
        initial=found.initial(number.name),
    )
    text = said(value, number.unit)
    if interval is not None:
        text += f"   90 %: {said(interval[0], number.unit)} to {said(interval[1], number.unit)}"
    corner = np.array([MARGIN * min(size) / 2, height - MARGIN * min(size) / 2], np.float32)
    return [gauge, TextMark(f"steering {text}", corner)]


def said(angle: float, unit: str) -> str:
    """An angle as text: degrees, or per cent of full lock."""
    return f"{angle:+.1f}°" if unit == "degree" else f"{100 * angle:+.0f} %"
