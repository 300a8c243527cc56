"""Where labels lie so that none covers another."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgereg.paint.primitives import Plate

# So many places are tried for one label; in a crowd the nearest ones are all taken.
_MOST_TRIES = 300


def spread(plates: Iterable[Plate], frame_size: tuple[int, int], gap: float) -> list[Plate]:
    """Plates moved as little as needed, inside the frame and `gap` pixels apart, the first ones
    least of all; one that finds no place stays where it is."""
    placed: list[Plate] = []
    for plate in plates:
        placed.append(_free_place(plate, placed, frame_size, gap))
    return placed


def _free_place(
    plate: Plate, placed: Sequence[Plate], frame_size: tuple[int, int], gap: float
) -> Plate:
    """The nearest place that is found beside those that are in the way, and beside those there."""
    heap, seen = [(0.0, plate.x, plate.y)], {(plate.x, plate.y)}
    for _ in range(_MOST_TRIES):
        if not heap:
            break
        _, x, y = heapq.heappop(heap)
        in_the_way = [other for other in placed if _overlap(x, y, plate, other)]
        if not in_the_way:
            return _moved(plate, x, y)
        for other in in_the_way:
            for place in (
                (x, other.y + other.height + gap),
                (x, other.y - plate.height - gap),
                (other.x + other.width + gap, y),
                (other.x - plate.width - gap, y),
            ):
                if place not in seen and _inside(place, plate, frame_size):
                    seen.add(place)
                    far = abs(place[0] - plate.x) + abs(place[1] - plate.y)
                    heapq.heappush(heap, (far, *place))
    return plate


def _overlap(x: float, y: float, plate: Plate, other: Plate) -> bool:
    across = x < other.x + other.width and other.x < x + plate.width
    return across and y < other.y + other.height and other.y < y + plate.height


def _inside(place: tuple[float, float], plate: Plate, frame_size: tuple[int, int]) -> bool:
    x, y = place
    width, height = frame_size
    return 0 <= x <= width - plate.width and 0 <= y <= height - plate.height


def _moved(plate: Plate, x: float, y: float) -> Plate:
    dx, dy = x - plate.x, y - plate.y
    if dx == dy == 0:
        return plate
    return replace(plate, x=x, y=y, text_x=plate.text_x + dx, baseline=plate.baseline + dy)
