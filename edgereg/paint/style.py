"""The look that both painters share, as data: colours, widths, dashes, text.

Lengths are in units; one unit is `unit_of(width, height)` frame pixels when a frame is painted, so
that lines keep their weight on small and on large frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgereg.core.marks import Role

Rgb = tuple[int, int, int]

# Okabe and Ito's colours, told apart with any kind of colour vision; the blues are lightened and
# black is left out because they lie on video and on a dark window.
PALETTE: tuple[Rgb, ...] = (
    (86, 180, 233),
    (240, 165, 20),
    (32, 190, 140),
    (240, 228, 66),
    (232, 110, 40),
    (222, 140, 190),
    (110, 150, 255),
)
# The axes of a rotated body: its left, down, where it looks. They differ in lightness as well.
AXES: tuple[Rgb, Rgb, Rgb] = ((242, 84, 70), (120, 214, 90), (76, 140, 255))
INK: Rgb = (245, 246, 248)
PLATE: Rgb = (16, 18, 22)
TRACK: Rgb = (150, 156, 166)

PLATE_ALPHA = 0.78
HALO_ALPHA = 0.5
HALO_WIDTH = 1.6
FILL_ALPHA = 0.32
TEXT_SIZE = 13.0
TEXT_PADDING = 3.5
DOT_RADIUS = 1.8


@dataclass(frozen=True)
class Stroke:
    """How a line of one role looks.

    width: units; alpha: 0 to 1; lighten: share of white mixed into the colour;
    dash: units drawn and left out, or None for a solid line; halo: a dark rim under the line.
    """

    width: float
    alpha: float
    lighten: float = 0.0
    dash: tuple[float, float] | None = None
    halo: bool = False


STROKES: Mapping[Role, Stroke] = {
    "final": Stroke(width=2.2, alpha=1.0, halo=True),
    "initial": Stroke(width=1.3, alpha=0.95, lighten=0.45, dash=(5.0, 4.0)),
    "trajectory": Stroke(width=1.0, alpha=0.55, lighten=0.2),
}

# Dark to bright with growing value, as in matplotlib's "inferno" (CC0).
_HEAT = (
    (0, 0, 4),
    (40, 11, 84),
    (101, 21, 110),
    (159, 42, 99),
    (212, 72, 66),
    (245, 125, 21),
    (250, 193, 39),
    (252, 255, 164),
)


def unit_of(width: int, height: int) -> float:
    """Frame pixels per unit: 1 at 540 px of shorter side, never below 0.75."""
    return max(min(width, height) / 540.0, 0.75)


def colour_of(index: int) -> Rgb:
    """The palette's colour of any index; the palette repeats."""
    return PALETTE[index % len(PALETTE)]


def hex_colour(rgb: Rgb) -> str:
    """#rrggbb."""
    return "#" + bytes(rgb).hex()


@lru_cache(maxsize=256)
def lightened(rgb: Rgb, share: float) -> Rgb:
    """`rgb` with `share` (0 to 1) of white mixed in."""
    red, green, blue = (round(c + (255 - c) * share) for c in rgb)
    return red, green, blue


def heat_colours(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """values [h, w], clipped to [0, 1] -> uint8 [h, w, 3] RGB."""
    stops = np.linspace(0.0, 1.0, len(_HEAT))
    table = np.asarray(_HEAT, np.float64)
    channels = [np.interp(np.clip(values, 0.0, 1.0), stops, table[:, c]) for c in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)
