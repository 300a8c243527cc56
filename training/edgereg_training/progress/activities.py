"""Rendered activities in the layout of Breakfast, so that they are read and split as it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgereg_training.data.breakfast import TEST_PERSONS
from edgereg_training.loop.errors import TrainingError
from edgereg_training.render.activities.clip import FPS, ActivityClip, random_clip
from edgereg_training.render.shards import Progress

TEST_COUNT, TEST_SEED, TEST_FOLD = 90, 904, "s1"
PERSONS = range(3, 55)


def write_activities(
    folder: Path,
    count: int,
    seed: int,
    height: int,
    width: int,
    progress: Progress,
    persons: range = PERSONS,
) -> Path:
    """`count` clips of activities, by persons in turn; what was begun is completed.

    Clip i depends on the seed and i alone. TrainingError where this OpenCV can't write videos.
    """
    for index in range(count):
        person = f"P{persons[index % len(persons)]:02d}"
        place = folder / person / "cam01"
        if not list(place.glob(f"*_{index:04d}.avi")):
            place.mkdir(parents=True, exist_ok=True)
            clip = random_clip(np.random.default_rng([seed, index]), height, width)
            part = folder / "part.avi"
            _write(clip, part)
            part.replace(place / f"{person}_{clip.activity.name}_{index:04d}.avi")
        progress(index + 1, count)
    return folder


def _write(clip: ActivityClip, path: Path) -> None:
    height, width = clip.look.table.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (width, height))
    if not writer.isOpened():
        raise TrainingError(f"{path}: this OpenCV can't write a video here")
    for frame in clip.frames():
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()


def test_data(cache: Path, assets: Path | None, count: int | None, progress: Progress) -> Path:
    """Rendered activities that no recipe trains on, in a folder of `cache`; `assets` are not
    needed."""
    number = count or TEST_COUNT
    return write_activities(
        cache / f"activities-test-{number}", number, TEST_SEED, 96, 128, progress,
        TEST_PERSONS[TEST_FOLD],
    )  # fmt: skip
