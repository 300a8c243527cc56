"""The activities: what each has done at every moment of its steps.

An activity has `steps` equal steps; `draw(canvas, look, done)` draws it when `done` of them are
done, a number from 0 to `steps` whose fraction is how far the present step is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgereg_training.render.activities.canvas import Canvas, Colour, Look, Point, dimmed
from edgereg_training.render.colours import tint
from edgereg_training.render.geometry import Array

Draw = Callable[[Canvas, Look, float], None]


@dataclass(frozen=True)
class Activity:
    """See the module. name: as in the names of clips."""

    name: str
    steps: int
    draw: Draw


def between(first: Point, second: Point, share: float) -> Point:
    """A place on the way, reached smoothly."""
    s = float(np.clip(share, 0, 1))
    s = s * s * (3 - 2 * s)
    return first[0] + s * (second[0] - first[0]), first[1] + s * (second[1] - first[1])


def point(place: Array) -> Point:
    """A place [2] as numbers."""
    return float(place[0]), float(place[1])


def tower(rng: np.random.Generator) -> Activity:
    """Blocks are carried from a heap, one a step, and put on each other."""
    count = int(rng.integers(3, 7))
    colours = [tint(rng, 0.4) for _ in range(count)]
    side = rng.uniform(0.08, 0.12)
    base: Point = (float(rng.uniform(0.55, 0.7)), float(rng.uniform(0.8, 0.9)))
    heap = [(float(rng.uniform(0.1, 0.35)), float(rng.uniform(0.55, 0.9))) for _ in range(count)]

    def put(canvas: Canvas, at: Point, colour: Colour) -> None:
        canvas.block((at[0] - side, at[1] - side), (at[0] + side, at[1]), colour)

    def draw(canvas: Canvas, look: Look, done: float) -> None:
        places = [(base[0], base[1] - index * side) for index in range(count)]
        present, share = int(min(done, count - 1e-6)), done - int(min(done, count - 1e-6))
        for index in range(count):
            if index < present:
                put(canvas, places[index], colours[index])
            elif index > present:
                put(canvas, heap[index], colours[index])
        # Half of a step the hand goes to the heap, half of it it carries.
        if share < 0.5:
            put(canvas, heap[present], colours[present])
            canvas.hand(between(places[max(present - 1, 0)], heap[present], 2 * share), look)
        else:
            at = between(heap[present], places[present], 2 * share - 1)
            lifted = (at[0], at[1] - 0.12 * float(np.sin(np.pi * (2 * share - 1))))
            put(canvas, lifted, colours[present])
            canvas.hand((lifted[0], lifted[1] - side), look)

    return Activity("tower", count, draw)


def cup(rng: np.random.Generator) -> Activity:
    """A cup is fetched, filled from a jug, sugared by some lumps, and stirred."""
    lumps = int(rng.integers(1, 4))
    china, drink, jug = tint(rng, 0.2), tint(rng, 0.4), tint(rng, 0.3)
    place: Point = (float(rng.uniform(0.5, 0.6)), float(rng.uniform(0.6, 0.7)))
    start: Point = (float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.25, 0.8)))
    stand: Point = (float(rng.uniform(0.75, 0.9)), float(rng.uniform(0.25, 0.4)))
    bowl: Point = (float(rng.uniform(0.2, 0.35)), float(rng.uniform(0.1, 0.25)))
    white: Colour = (0.95, 0.95, 0.92)

    beside: Point = (place[0] + 0.12, place[1] - 0.12)

    def lump(canvas: Canvas, at: Point) -> None:
        canvas.block((at[0] - 0.015, at[1] - 0.02), (at[0] + 0.015, at[1] + 0.02), white)

    def hand_and_jug(canvas: Canvas, at: Point, done: float) -> tuple[Point, Point]:
        """Where both are; a lump or a spoon in the hand is drawn."""
        if done < 1:
            return at, stand
        if done < 2:
            can = between(stand, beside, 2.5 * (done - 1))
            return can, can
        can = between(beside, stand, 4 * (done - 2))
        share = done - int(done)
        if done >= 2 + lumps:
            turn = 6 * np.pi * (done - 2 - lumps)
            end = (at[0] + 0.06 * float(np.cos(turn)), at[1] + 0.06 * float(np.sin(turn)))
            hand = (end[0] + 0.03, end[1] - 0.16)
            canvas.line([end, hand], 0.02, (0.6, 0.6, 0.62))
            return hand, can
        if share < 0.5:
            return between(at, bowl, 2 * share), can
        hand = between(bowl, at, 2 * share - 1)
        lump(canvas, hand)
        return hand, can

    def draw(canvas: Canvas, look: Look, done: float) -> None:
        at = between(start, place, done)
        poured = float(np.clip((done - 1.4) / 0.6, 0, 1))
        canvas.disc(at, 0.15, dimmed(china, 0.75))
        canvas.disc(at, 0.13, china)
        if poured > 0:
            canvas.disc(at, 0.02 + 0.09 * poured, drink)
        canvas.disc(bowl, 0.07, china)
        for index in range(lumps - int(np.clip(np.floor(done - 2), 0, lumps))):
            lump(canvas, (bowl[0] - 0.025 + 0.03 * index, bowl[1]))
        hand, can = hand_and_jug(canvas, at, done)
        canvas.disc(can, 0.1, jug)
        canvas.disc(can, 0.06, dimmed(jug, 0.6))
        canvas.hand(hand, look)

    return Activity("cup", 3 + lumps, draw)


def drawing(rng: np.random.Generator) -> Activity:
    """Strokes are drawn on a sheet, one a step."""
    count = int(rng.integers(4, 8))
    ink, paper = tint(rng, 0.4), (0.93, 0.93, 0.9)
    low = np.array([rng.uniform(0.25, 0.35), rng.uniform(0.1, 0.2)])
    size = np.array([rng.uniform(0.4, 0.5), rng.uniform(0.6, 0.75)])
    strokes = []
    for index in range(count):
        # From top to bottom, as one writes.
        row = (index + 0.5) / count
        ends = (
            rng.uniform([0.08, row - 0.06], [0.3, row + 0.06]),
            rng.uniform([0.7, row - 0.06], [0.92, row + 0.06]),
        )
        middle = (ends[0] + ends[1]) / 2 + rng.normal(0, 0.08, 2)
        t = np.linspace(0, 1, 24)[:, None]
        curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * middle + t**2 * ends[1]
        strokes.append(low + np.clip(curve, 0.02, 0.98) * size)
    dark = dimmed(ink, 0.5)

    def draw(canvas: Canvas, look: Look, done: float) -> None:
        canvas.block(point(low), point(low + size), paper)
        at = point(strokes[0][0])
        for index, stroke in enumerate(strokes):
            share = float(np.clip(done - index, 0, 1))
            if share <= 0:
                break
            # A fifth of a step the pen is in the air.
            shown = stroke[: max(1, round(len(stroke) * min(1, share / 0.8)))]
            points = [point(each) for each in shown]
            canvas.line([*points, points[-1]], 0.02, dark)
            at = points[-1]
            if share > 0.8 and index + 1 < count:
                at = between(at, point(strokes[index + 1][0]), (share - 0.8) / 0.2)
        canvas.line([at, (at[0] + 0.06, at[1] + 0.1)], 0.02, (0.15, 0.15, 0.2))
        canvas.hand((at[0] + 0.06, at[1] + 0.1), look)

    return Activity("drawing", count, draw)


KINDS: tuple[Callable[[np.random.Generator], Activity], ...] = (tower, cup, drawing)
