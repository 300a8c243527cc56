"""Clips in memory, some frames a second of each, and how training sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.geometry import band
from edgereg_training.data.breakfast import BREAKFAST, videos_of
from edgereg_training.data.dataset import DataSetError, found_in

# Frames a second of a video that does not tell.
USUAL_FPS = 15.0


@dataclass(frozen=True)
class Clip:
    """frames: uint8 [T, S, S, 3] RGB; progress: float32 [T], 0 to 100 of the whole video; seconds:
    of it."""

    name: str
    frames: Image
    progress: FloatArray
    seconds: float

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class ClipBatch:
    """frames: uint8 [B, T, S, S, 3]; progress: float32 [B, T], NaN behind the end of a clip."""

    frames: Image
    progress: FloatArray


def videos(folder: Path, split: str) -> list[tuple[Path, str]]:
    """The videos of a split of a folder in Breakfast's layout, with their persons; DataSetError
    where there are none."""
    found = videos_of(folder, split)
    if not found:
        raise DataSetError(
            f"{folder}: holds no video of split '{split}'. Expected {BREAKFAST.layout}; found "
            f"{found_in(folder)}"
        )
    return found


def read_clip(video: Path, rate: float, size: int) -> Clip:
    """`rate` frames a second of a video, the first one among them, stretched to `size` px a side.

    DataSetError where it can't be read.
    """
    capture = cv2.VideoCapture(str(video))
    fps = capture.get(cv2.CAP_PROP_FPS) or USUAL_FPS
    frames: list[Image] = []
    places: list[int] = []
    index = 0
    while capture.grab():
        if index >= len(places) * fps / rate - 1e-6:
            done, image = capture.retrieve()
            if not done:
                break
            small = band(np.asarray(image, np.uint8), (0, 1), (size, size))[0]
            frames.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8))
            places.append(index)
        index += 1
    capture.release()
    if not frames:
        raise DataSetError(f"{video}: no frame of this video can be read")
    progress = np.array(places, np.float32) * np.float32(100 / max(index - 1, 1))
    return Clip(video.name, np.array(frames, np.uint8), progress, index / fps)


def load_clips(
    found: Sequence[Path],
    rate: float,
    size: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Clip]:
    """All these videos, see `read_clip`."""
    clips = []
    for number, video in enumerate(found, 1):
        clips.append(read_clip(video, rate, size))
        progress(number, len(found))
    return clips


def augmented(
    clips: Sequence[Clip], longest: int, mirrored: bool, rng: np.random.Generator
) -> ClipBatch:
    """At most `longest` frames of each clip, half of them from its beginning, others from anywhere:
    who joins late sees no beginning. Each in a light of its own, half of them mirrored."""
    parts = []
    for clip in clips:
        start = 0 if rng.random() < 0.5 else int(rng.integers(0, max(1, len(clip) // 2)))
        parts.append((clip, slice(start, min(start + longest, len(clip)))))
    batch = together([(clip.frames[part], clip.progress[part]) for clip, part in parts])
    count = len(clips)
    frames = batch.frames
    flip = (rng.random(count) < 0.5) & mirrored
    frames = np.where(flip[:, None, None, None, None], frames[:, :, :, ::-1], frames)
    gain = np.exp(rng.normal(0, 0.2, (count, 1)) + rng.normal(0, 0.06, (count, 3)))
    offset = rng.uniform(-20, 20, (count, 1))
    # One table a clip and colour: quicker than numbers a pixel.
    tables = np.clip(np.arange(256)[:, None, None] * gain + offset, 0, 255).astype(np.uint8)
    lit = np.empty_like(frames)
    for row in range(count):
        for colour in range(3):
            lit[row, ..., colour] = tables[:, row, colour][frames[row, ..., colour]]
    return ClipBatch(lit, batch.progress)


def together(parts: Sequence[tuple[Image, FloatArray]]) -> ClipBatch:
    """Frames and progress of several clips as one batch; shorter ones are filled up at their
    end."""
    longest = max(len(frames) for frames, _ in parts)
    images = np.zeros((len(parts), longest, *parts[0][0].shape[1:]), np.uint8)
    progress = np.full((len(parts), longest), np.nan, np.float32)
    for row, (frames, done) in enumerate(parts):
        images[row, : len(frames)] = frames
        progress[row, : len(done)] = done
    return ClipBatch(images, progress)
