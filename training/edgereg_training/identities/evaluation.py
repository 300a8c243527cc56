"""Measuring the identities of heads, as a run gives them, on sequences in MOT's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import edgereg
from edgereg.core.geometry import box_iou
from edgereg.core.predictions import Predictions
from edgereg.sources.wrapped import Arrays
from edgereg_training.identities.measures import MATCH, Identity, Numbered, measure_identities
from edgereg_training.identities.mot_folders import MotSequence
from edgereg_training.loop.bootstrap import Figure, mean_figure


def follow(
    item: MotSequence, detect_every: int = 1, models: Sequence[Path] = (), size: str = "default"
) -> list[Numbered]:
    """The numbered heads of every frame; those without a number are left out."""
    source = Arrays(item.images(), item.name, item.fps)
    with edgereg.stream(
        source,
        tasks="detection",
        models=models,
        detect_every=detect_every,
        size=size,
        realtime=False,
    ) as results:
        return [numbered(result["detection"]) for result in results]


def numbered(found: Predictions) -> Numbered:
    """Boxes with their tracks."""
    boxes = np.zeros((0, 4), np.float32) if found.boxes is None else found.boxes
    tracks = np.full(len(boxes), -1) if found.tracks is None else found.tracks
    kept = tracks >= 0
    return Numbered(tracks[kept].astype(np.int64), boxes[kept])


def without_ignored(item: MotSequence, given: Sequence[Numbered]) -> list[Numbered]:
    """The boxes without those that are on a box which does not count, and on none that does."""
    kept = []
    for found, true, ignored in zip(given, item.truth, item.ignored, strict=True):
        off = box_iou(found.boxes, ignored).max(axis=1, initial=0) >= MATCH
        on = box_iou(found.boxes, true.boxes).max(axis=1, initial=0) >= MATCH
        keep = on | ~off
        kept.append(Numbered(found.numbers[keep], found.boxes[keep]))
    return kept


def evaluate_identities(
    sequences: Sequence[MotSequence],
    report: Callable[[int, int, str], None],
    detect_every: int = 1,
    size: str = "default",
) -> list[Identity]:
    """The measures of every sequence, by the bundled detector."""
    measured = []
    for number, item in enumerate(sequences):
        report(number, len(sequences), item.name)
        given = without_ignored(item, follow(item, detect_every, size=size))
        measured.append(measure_identities(item.name, item.truth, given))
    return measured


def figures_of(measured: Sequence[Identity]) -> list[Figure]:
    """Means over sequences with 95 % intervals."""
    rows = {
        "idf1": [item.idf1 for item in measured],
        "hota": [item.hota for item in measured],
        "deta": [item.detection for item in measured],
        "assa": [item.association for item in measured],
        "switches_per_1000": [item.switches_per_1000 for item in measured],
        "recall": [item.found / max(item.boxes, 1) for item in measured],
        "iou": [item.overlap for item in measured],
    }
    return [mean_figure(name, np.array(values)) for name, values in rows.items()]
