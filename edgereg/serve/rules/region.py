"""Tracks that enter a region of the frame, stay there, and leave it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from edgereg.serve.rules.config import RegionRule
from edgereg.serve.rules.subject import Subject


@dataclass(frozen=True)
class Held:
    """Since when a track is inside, or None, and whether it was told that it stays."""

    since: float | None = None
    dwelt: bool = False


def seen(rule: RegionRule, held: Held, subject: Subject) -> tuple[Held, list[str]]:
    """What is held after a frame, and the events: 'enter', 'dwell', 'leave'."""
    point = subject.point(rule.of, rule.units)
    if point is None:
        return held, []
    depth, since = depth_in(rule, point), held.since
    events: list[str] = []
    if since is None:
        if depth < 0:
            return held, []
        since, events = subject.now, ["enter"]
        held = Held(since)
    elif depth < -rule.margin:
        return Held(), ["leave"]
    if rule.dwell is not None and not held.dwelt and subject.now - since >= rule.dwell:
        return replace(held, dwelt=True), [*events, "dwell"]
    return held, events


def gone(rule: RegionRule, held: Held) -> list[str]:
    """The events of a track that is not seen any more."""
    return [] if held.since is None else ["leave"]


def depth_in(rule: RegionRule, point: tuple[float, float]) -> float:
    """How far inside of the region a point is; outside it is negative; on the edge 0."""
    contour = np.asarray(rule.corners, np.float32).reshape(-1, 1, 2)
    return float(cv2.pointPolygonTest(contour, point, measureDist=True))
