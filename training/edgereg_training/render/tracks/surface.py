"""What lies on the ground: floors and land, asphalt, lines, tape, by distance along and beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal

# Land beside a road through the year: summer, dry, autumn, winter, sand, gravel (sRGB, 0..1).
SEASONS = np.array([
    [0.30, 0.40, 0.18], [0.58, 0.52, 0.32], [0.50, 0.36, 0.18],
    [0.86, 0.88, 0.92], [0.72, 0.62, 0.44], [0.46, 0.44, 0.42],
])  # fmt: skip
FLOORS = np.array([
    [0.48, 0.47, 0.42], [0.36, 0.34, 0.24], [0.62, 0.58, 0.52],
    [0.55, 0.40, 0.26], [0.25, 0.27, 0.32], [0.70, 0.70, 0.70],
])  # fmt: skip
WHITE, YELLOW = (0.93, 0.93, 0.9), (0.92, 0.78, 0.16)
TAPES = (
    WHITE,
    WHITE,
    YELLOW,
    (0.2, 0.4, 0.85),
    (0.9, 0.45, 0.1),
    (0.85, 0.15, 0.15),
    (0.1, 0.1, 0.1),
)


@dataclass(frozen=True)
class Line:
    """Paint or tape at `beside` from the lane's centre; dash: (painted, period) along, or None."""

    beside: float
    width: float
    colour: tuple[float, float, float]
    dash: tuple[float, float] | None = None


@dataclass(frozen=True)
class Surface:
    """land, way: colours beside and on the way; left, right: where the way ends, beside the lane's
    centre; lines: on it; tiles: side of floor tiles or planks (0: none); rough: of its grain."""

    land: Array
    way: Array
    left: float
    right: float
    lines: tuple[Line, ...]
    tiles: float = 0.0
    rough: float = 0.1


def random_road(rng: np.random.Generator, lane: float) -> Surface:
    """Asphalt with one to four lanes of this width, the car's being any of them."""
    lanes = int(rng.integers(1, 5))
    own = int(rng.integers(lanes))
    left, right = -(own + 0.5) * lane, (lanes - own - 0.5) * lane
    width = lane * rng.uniform(0.03, 0.06)
    dash = lane * rng.uniform(0.6, 1.6)
    lines = []
    if rng.random() < 0.9 or lanes == 1:
        edge = WHITE if rng.random() < 0.8 else YELLOW
        lines += [Line(left, width, edge), Line(right, width, WHITE)]
    middle = int(rng.integers(1, lanes)) if lanes > 1 else 0
    for k in range(1, lanes):
        two_way = k == middle and rng.random() < 0.5
        colour = YELLOW if two_way else WHITE
        solid = two_way and rng.random() < 0.5
        lines.append(Line(left + k * lane, width, colour, None if solid else (dash, 2.6 * dash)))
    asphalt = np.full(3, rng.uniform(0.2, 0.5)) * (1 + rng.normal(0, 0.03, 3))
    shoulder = lane * rng.uniform(0.02, 0.5)
    land = SEASONS[int(rng.integers(len(SEASONS)))] * rng.uniform(0.6, 1.1)
    return Surface(land, asphalt, left - shoulder, right + shoulder, tuple(lines), 0.0, 0.1)


def random_track(rng: np.random.Generator, lane: float) -> Surface:
    """A floor with tape: at both sides of the lane, or of a track of two lanes with a line in the
    middle, most often dashed."""
    floor = FLOORS[int(rng.integers(len(FLOORS)))] * rng.uniform(0.6, 1.15)
    width = float(rng.uniform(0.15, 0.5))
    edge = TAPES[int(rng.integers(len(TAPES)))]
    centre = TAPES[int(rng.integers(len(TAPES)))] if rng.random() < 0.5 else YELLOW
    if rng.random() < 0.5:
        lines = [Line(-lane / 2, width, edge), Line(lane / 2, width, edge)]
    else:
        # A track of two lanes: one drives on the right.
        dashes = float(rng.uniform(0.8, 2.2))
        dash = (dashes, dashes * float(rng.uniform(1.6, 2.6))) if rng.random() < 0.85 else None
        lines = [
            Line(-lane / 2, width, centre, dash),
            Line(lane / 2, width, edge),
            Line(-1.5 * lane, width, edge),
        ]
    tiles = float(rng.uniform(0.8, 5)) if rng.random() < 0.3 else 0.0
    return Surface(floor, floor, 0.0, 0.0, tuple(lines), tiles, float(rng.uniform(0.02, 0.12)))


def bare_floor(rng: np.random.Generator) -> Surface:
    """A floor without tape, for a track that cones mark."""
    floor = FLOORS[int(rng.integers(len(FLOORS)))] * rng.uniform(0.6, 1.15)
    return Surface(floor, floor, 0.0, 0.0, (), float(rng.choice([0.0, 0.0, 2.0])), 0.08)


def paint(
    rng: np.random.Generator,
    surface: Surface,
    places: tuple[Array, Array],
    ground: Array,
    footprint: tuple[Array, Array],
) -> Array:
    """Colours float32 [M, 3] of M points of the ground.

    places: distance along and beside the lane, [M] each; ground: (x, z) [M, 2]; footprint: how
    much ground a pixel covers across and along, [M] each, by which edges are softened.
    """
    along, beside = places
    across, deep = footprint
    on_way = _within(beside, surface.left, surface.right, across)[:, None]
    colours = surface.land * (1 - on_way) + surface.way * on_way
    if surface.tiles:
        gaps = np.minimum(*(np.abs((ground / surface.tiles) % 1 - 0.5).T)) * surface.tiles
        colours = colours * (1 - 0.25 * np.clip(1.5 - gaps / (across + 0.03), 0, 1))[:, None]
    colours = colours * (1 + surface.rough * _grain(rng, ground))[:, None]
    for line in surface.lines:
        half = line.width / 2
        covered = _within(beside, line.beside - half, line.beside + half, across)
        if line.dash is not None:
            painted, period = line.dash
            covered = covered * _within((along % period), 0.0, painted, deep)
        worn = 1 - 0.25 * rng.random()
        colours = colours + (covered * worn)[:, None] * (np.array(line.colour) - colours)
    return np.asarray(colours, np.float32)


def _within(x: Array, low: float, high: float, footprint: Array) -> Array:
    """The share of a pixel that lies between low and high."""
    upper = np.minimum(x + footprint / 2, high)
    lower = np.maximum(x - footprint / 2, low)
    return np.asarray(np.clip((upper - lower) / footprint, 0, 1), np.float32)


def _grain(rng: np.random.Generator, ground: Array) -> Array:
    """Noise of the ground itself, fading where it is far."""
    far = np.linalg.norm(ground, axis=1)
    return np.asarray(spread(rng, fractal(rng, 256, 256, 0.85, 4), 24.0, ground) / (1 + 0.08 * far))


def spread(rng: np.random.Generator, tile: Array, side: float, ground: Array) -> Array:
    """A square picture of this side laid on the ground, mirrored at its borders, anywhere: [M]."""
    place = (ground + rng.uniform(0, 2 * side, 2)) * (len(tile) / side)
    return map_coordinates(tile, place.T, np.float32, order=1, mode="mirror")
