"""Breakfast Actions as a regression of progress: how far a video has come, 0 to 100.

"The Language of Actions" (CVPR 2014); the progress task is that of "Regression by classification"
studies: the frame's index over the last one's. `P03/cam01/P03_cereals.avi` and so on; the common
four splits are by person.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edgereg.core.arrays import Image
from edgereg_training.data.dataset import DataSet, DataSetError, Sample, number

ENDINGS = (".avi", ".mp4")
# The fourth split of the benchmark tests persons 42 to 54; each of the others the 13 before.
TEST_PERSONS = {
    "s1": range(3, 16),
    "s2": range(16, 29),
    "s3": range(29, 42),
    "s4": range(42, 55),
}
# Frames of a video that are used, evenly spread.
FRAMES = 64


def _videos(folder: Path) -> list[Path]:
    root = next(iter(sorted(folder.glob("BreakfastII*"))), folder)
    if not root.is_dir():
        return []
    people = sorted(path for path in root.glob("P[0-9][0-9]") if path.is_dir())
    return [
        video
        for person in people
        for video in sorted(person.glob("*/*"))
        if video.suffix in ENDINGS
    ]


def recognises(folder: Path) -> bool:
    """Whether there is a video of a person."""
    return bool(_videos(folder))


def videos_of(folder: Path, split: str) -> list[tuple[Path, str]]:
    """The videos of a split, each with its person, such as 'P03'."""
    fold, part = split.split("-")
    tests = TEST_PERSONS[fold]
    found = []
    for video in _videos(folder):
        person = next(parent.name for parent in video.parents if parent.name.startswith("P"))
        if (int(person[1:]) in tests) == (part == "test"):
            found.append((video, person))
    return found


def load(folder: Path, split: str) -> list[Sample]:
    """Splits 's1-train', 's1-test' ... 's4-test'."""
    videos = videos_of(folder, split)
    return [sample for video, person in videos for sample in _frames(folder, video, person)]


def _frames(folder: Path, video: Path, person: str) -> list[Sample]:
    count = count_frames(video)
    return [
        Sample(
            name=f"{video.relative_to(folder).as_posix()}#{index}",
            file=video,
            read=partial(read_frame, video, index),
            labels={"progress": number(100 * index / max(count - 1, 1))},
            person=person,
        )
        for index in np.unique(np.linspace(0, count - 1, FRAMES).round().astype(int)).tolist()
    ]


def count_frames(video: Path) -> int:
    """Of a video file; DataSetError where it can't be opened."""
    capture = cv2.VideoCapture(str(video))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    if count < 1:
        raise DataSetError(f"{video}: can't be opened as a video")
    return count


def read_frame(video: Path, index: int) -> Image:
    """uint8 [H, W, 3] RGB of one frame; DataSetError where there is none."""
    capture = cv2.VideoCapture(str(video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, index)
    done, frame = capture.read()
    capture.release()
    if not done:
        raise DataSetError(f"{video}: frame {index} can't be read")
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


BREAKFAST = DataSet(
    name="breakfast",
    title="Breakfast Actions",
    splits=tuple(f"{fold}-{part}" for fold in TEST_PERSONS for part in ("train", "test")),
    labels=("progress",),
    layout="P03/cam01/*.avi to P54/ (here or in BreakfastII_15fps_qvga_sync/)",
    recognises=recognises,
    load=load,
    notes=f"progress 0 to 100; {FRAMES} frames of each video",
)
