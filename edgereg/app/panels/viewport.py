"""Where a frame lies in a widget: fitted, or zoomed and moved by the user."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_ZOOM = 32.0


@dataclass(frozen=True)
class Viewport:
    """The frame's pixel (x, y) is drawn at (left + x * scale, top + y * scale)."""

    scale: float
    left: float
    top: float

    def to_frame(self, x: float, y: float) -> tuple[float, float]:
        """Widget position -> frame pixels."""
        return (x - self.left) / self.scale, (y - self.top) / self.scale


def fitted(frame: tuple[int, int], widget: tuple[int, int]) -> Viewport:
    """The whole frame, as large as it goes, in the middle. Sizes are (width, height)."""
    scale = max(min(widget[0] / max(frame[0], 1), widget[1] / max(frame[1], 1)), 1e-6)
    return Viewport(scale, (widget[0] - frame[0] * scale) / 2, (widget[1] - frame[1] * scale) / 2)


def halves(
    frame: tuple[int, int], widget: tuple[int, int], gap: int
) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Two places (left, top, width, height) in a widget, beside or below each other, whichever
    shows frames larger. Sizes are (width, height)."""
    width, height = widget
    half = max((width - gap) // 2, 1), max(height, 1)
    low = max(width, 1), max((height - gap) // 2, 1)
    if fitted(frame, half).scale >= fitted(frame, low).scale:
        return (0, 0, *half), (width - half[0], 0, *half)
    return (0, 0, *low), (0, height - low[1], *low)


def zoomed(view: Viewport, factor: float, at: tuple[float, float], smallest: float) -> Viewport:
    """Zoom by `factor` so that the frame's pixel under `at` stays there."""
    scale = min(max(view.scale * factor, smallest), LARGEST_ZOOM)
    x, y = view.to_frame(*at)
    return Viewport(scale, at[0] - x * scale, at[1] - y * scale)


def moved(
    view: Viewport, dx: float, dy: float, frame: tuple[int, int], widget: tuple[int, int]
) -> Viewport:
    """Shift the frame, but keep its centre in the widget's reach."""
    half = (frame[0] * view.scale / 2, frame[1] * view.scale / 2)
    left = min(max(view.left + dx, -half[0]), widget[0] - half[0])
    top = min(max(view.top + dy, -half[1]), widget[1] - half[1])
    return Viewport(view.scale, left, top)
