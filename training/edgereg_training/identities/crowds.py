"""Rendered crowds: people who walk past each other, with the exact truth of every frame.

Everybody walks a straight way at their own speed, half of them to either side, sways, and turns the
head. Whoever is larger is nearer and hides others. A head of which less than LEAST is seen does not
count, as in a clip that people label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.identities.mot_folders import Labelled, write_mot
from edgereg_training.render.background import draw_background
from edgereg_training.render.cast import Cast
from edgereg_training.render.draw import Camera, head_box, paint_person, pose_person, projected
from edgereg_training.render.geometry import Array, rotation_matrix
from edgereg_training.render.lighting import Light, draw_light

# Far beyond the numbers of identities in any training set.
FIRST_IDENTITY = 6_000_000
FPS = 25
SUPERSAMPLING = 2
GRAIN = 0.006
LEAST = 0.35


@dataclass(frozen=True)
class Crowd:
    """people: how many; frames: how many; width, height: of the picture; side: range of a head's
    height in px; seed: of everything."""

    people: int = 12
    frames: int = 100
    width: int = 960
    height: int = 540
    side: tuple[float, float] = (34.0, 72.0)
    seed: int = 0


@dataclass(frozen=True)
class Walker:
    """One person's way: number; x at the start, px, and speed, px a second; y, px; side: head
    height, px; facing: yaw in degrees; swing: degrees, periods a second and phase of the head."""

    number: int
    x: float
    speed: float
    y: float
    side: float
    facing: float
    swing: tuple[float, float, float]


CROWDS = (Crowd(5, seed=1), Crowd(12, seed=2), Crowd(30, seed=3, side=(26.0, 52.0)))


def walkers(crowd: Crowd) -> list[Walker]:
    """Everybody in a crowd, the farthest first."""
    rng = np.random.default_rng([0xC20D, crowd.seed])
    sides = np.sort(rng.uniform(*crowd.side, crowd.people))
    seconds = crowd.frames / FPS
    people = []
    for number, side in enumerate(sides, start=1):
        right = bool(rng.random() < 0.5)
        # In the middle of the clip everybody is somewhere in the middle of the picture.
        speed = (1 if right else -1) * rng.uniform(0.35, 1.0) * 1.6 * side
        middle = rng.uniform(0.15, 0.85) * crowd.width
        depth = (side - crowd.side[0]) / (crowd.side[1] - crowd.side[0])
        y = (0.2 + 0.35 * depth + rng.uniform(-0.06, 0.06)) * crowd.height
        facing = (1 if right else -1) * rng.uniform(10, 70)
        swing = (rng.uniform(5, 25), rng.uniform(0.1, 0.5), rng.uniform(0, 1))
        start = middle - speed * seconds / 2
        people.append(Walker(number, start, speed, y, float(side), facing, swing))
    return people


def render_crowd(crowd: Crowd, cast: Cast) -> Iterator[tuple[Image, list[Labelled]]]:
    """Pictures uint8 [H, W, 3] RGB with their heads, first to last."""
    rng = np.random.default_rng([0xC20E, crowd.seed])
    scenery = np.square(draw_background(rng, crowd.height, crowd.width) / np.float32(255))
    light = draw_light(rng)
    people = walkers(crowd)
    for index in range(crowd.frames):
        canvas = scenery.astype(np.float32)
        owner = np.zeros(canvas.shape[:2], np.int32)
        boxes = [_paint(canvas, owner, each, cast, light, index / FPS) for each in people]
        grain = rng.normal(0, GRAIN, canvas.shape)
        picture = np.clip(np.sqrt(canvas) + grain, 0, 1) * 255 + 0.5
        yield np.asarray(picture, np.uint8), list(_labels(people, boxes, owner))


def _paint(
    canvas: Array, owner: Array, who: Walker, cast: Cast, light: Light, time_s: float
) -> Array:
    """Draw one person and claim the pixels; returns the head's box [4]."""
    identity = cast[FIRST_IDENTITY + who.number]
    degrees, pace, phase = who.swing
    turn = degrees * np.sin(2 * np.pi * (pace * time_s + phase))
    head = rotation_matrix(who.facing + turn, 0.3 * turn, 0.0)
    posed = pose_person(identity, head, rotation_matrix(who.facing, 0.0, 0.0), whole=True)
    distance = 9.0 * identity.size
    step = 0.03 * who.side * abs(np.sin(2 * np.pi * (1.8 * time_s + phase)))
    x, y = who.x + who.speed * time_s, who.y - step
    camera = Camera(distance, who.side * distance / identity.size, float(x), float(y))
    screen = projected(posed, camera)
    height, width = owner.shape
    low = np.clip(np.floor(screen[:, :2].min(axis=0)) - 2, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(screen[:, :2].max(axis=0)) + 2, 0, (width, height)).astype(int)
    if (high > low).all():
        window = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
        painted = paint_person(posed, screen, camera, light, canvas, window, SUPERSAMPLING)
        owner[low[1] : high[1], low[0] : high[0]][painted.cover > 0.5] = who.number
    return head_box(posed, screen)


def _labels(people: list[Walker], boxes: list[Array], owner: Array) -> Iterator[Labelled]:
    """The heads that are in the picture; whoever is painted later is in front."""
    height, width = owner.shape
    for who, box in zip(people, boxes, strict=True):
        x1, y1, x2, y2 = np.clip(box, 0, [width, height, width, height])
        if x2 - x1 < 1 or y2 - y1 < 1:
            continue
        part = owner[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
        inside = (x2 - x1) * (y2 - y1) / ((box[2] - box[0]) * (box[3] - box[1]))
        visible = float((part <= who.number).mean() * inside)
        edges = (float(x1), float(y1), float(x2), float(y2))
        yield Labelled(who.number, edges, visible >= LEAST, visible)


def write_crowds(
    out: Path,
    assets: Path | None,
    report: Callable[[int, int, str], None],
    crowds: tuple[Crowd, ...] = CROWDS,
) -> Path:
    """Render crowds into MOT's layout; those that are there already stay. Returns `out`."""
    cast = Cast(assets)
    for number, crowd in enumerate(crowds):
        folder = out / f"crowd-{crowd.people:02d}-{crowd.seed}"
        report(number, len(crowds), folder.name)
        if not (folder / "gt" / "gt.txt").exists():
            write_mot(folder, FPS, render_crowd(crowd, cast))
    return out
