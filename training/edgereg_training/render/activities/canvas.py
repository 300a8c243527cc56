"""A table with things and a hand on it, drawn from above."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgereg_training.render.colours import tint
from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal

Colour = tuple[float, float, float]
Point = tuple[float, float]
# Fixed-point bits of OpenCV's coordinates: what moves slowly moves smoothly.
SHIFT = 4


def dimmed(colour: Colour, share: float) -> Colour:
    """A colour in less light."""
    r, g, b = colour
    return share * r, share * g, share * b


@dataclass(frozen=True)
class Look:
    """What stays the same through one clip: the table float32 [H, W, 3] in 0..1, the colours of
    hand and sleeve, and where the arm comes from, in shares of the picture."""

    table: Array
    skin: Colour
    sleeve: Colour
    arm: Point


def random_look(rng: np.random.Generator, height: int, width: int) -> Look:
    """A table with grain and things that lie about, in some light."""
    table = (
        np.array(tint(rng, 0.15), np.float32)
        * (
            1 + rng.uniform(0.02, 0.15) * fractal(rng, height, width, 0.7, int(rng.integers(3, 12)))
        )[..., None]
    )
    canvas = Canvas(np.ascontiguousarray(table, np.float32))
    for _ in range(int(rng.integers(0, 5))):
        at = (float(rng.choice([rng.uniform(0, 0.15), rng.uniform(0.85, 1)])), rng.uniform(0, 1))
        canvas.disc(at, rng.uniform(0.02, 0.1), tint(rng, 0.3))
    tone = rng.uniform(0.3, 1.05)
    skin = (0.85 * tone, 0.62 * tone, 0.5 * tone)
    arm = (float(rng.choice([-0.2, 1.2])), float(rng.uniform(0.7, 1.3)))
    return Look(np.clip(canvas.picture, 0.02, 1), skin, tint(rng, 0.3), arm)


@dataclass(frozen=True)
class Canvas:
    """Draws into `picture` float32 [H, W, 3]; places are shares of its sides, sizes of its
    height."""

    picture: Array

    def _at(self, point: Point) -> tuple[int, int]:
        height, width = self.picture.shape[:2]
        scale = 1 << SHIFT
        return round(point[0] * width * scale), round(point[1] * height * scale)

    def _long(self, size: float) -> int:
        return max(1, round(size * int(self.picture.shape[0]) * (1 << SHIFT)))

    def disc(self, middle: Point, radius: float, colour: Colour) -> None:
        """A filled circle."""
        cv2.circle(
            self.picture, self._at(middle), self._long(radius), colour, -1, cv2.LINE_AA, SHIFT
        )

    def block(self, low: Point, high: Point, colour: Colour) -> None:
        """A filled rectangle with a darker lower edge."""
        (x1, y1), (x2, y2) = low, high
        for top, shade in ((y1, 0.7), (y1, 1.0)):
            bottom = y2 if shade < 1 else y1 + 0.85 * (y2 - y1)
            corners = [self._at(p) for p in ((x1, top), (x2, top), (x2, bottom), (x1, bottom))]
            flat = np.array(corners, np.int32)
            cv2.fillPoly(self.picture, [flat], dimmed(colour, shade), cv2.LINE_AA, SHIFT)

    def line(self, points: list[Point], thickness: float, colour: Colour) -> None:
        """A line through points."""
        wide = max(1, round(thickness * self.picture.shape[0]))
        corners = np.array([self._at(point) for point in points], np.int32)
        cv2.polylines(self.picture, [corners], False, colour, wide, cv2.LINE_AA, SHIFT)

    def hand(self, at: Point, look: Look) -> None:
        """An arm from the border of the picture to a hand at `at`."""
        along = np.array(at) - look.arm
        wrist = np.array(look.arm) + 0.8 * along
        self.line([look.arm, (float(wrist[0]), float(wrist[1]))], 0.12, look.sleeve)
        self.line([(float(wrist[0]), float(wrist[1])), at], 0.08, look.skin)
        self.disc(at, 0.065, look.skin)
        for side in (-0.05, 0.0, 0.05):
            tip = np.array(at) + 0.08 * along / (np.linalg.norm(along) + 1e-6) + (side, 0)
            self.line([at, (float(tip[0]), float(tip[1]))], 0.03, look.skin)
