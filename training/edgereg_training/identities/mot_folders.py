"""Sequences in the layout of MOTChallenge: `NAME/img1/000001.jpg`, `NAME/gt/gt.txt`, `seqinfo.ini`.

A line of `gt.txt` is frame, number, left, top, width, height, counts, class, visibility; frames and
pixels count from 1, and a box that does not count (0) is neither to be found nor wrong.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import Image
from edgereg_training.identities.measures import Numbered
from edgereg_training.loop.errors import TrainingError

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
FPS = 25.0


@dataclass(frozen=True)
class MotSequence:
    """One clip. frames: files in order; truth: what counts in each of them; ignored: float32
    [K, 4] each, boxes that do not count."""

    name: str
    fps: float
    frames: tuple[Path, ...]
    truth: tuple[Numbered, ...]
    ignored: tuple[npt.NDArray[np.float32], ...]

    def images(self) -> Iterator[Image]:
        """The frames, RGB. Raises TrainingError at a file that is no picture."""
        for file in self.frames:
            image = cv2.imread(str(file), cv2.IMREAD_COLOR)
            if image is None:
                raise TrainingError(f"{file}: not a picture")
            yield np.ascontiguousarray(image[..., ::-1], np.uint8)


@dataclass(frozen=True)
class Labelled:
    """A true box: x1, y1, x2, y2 in px, whose it is, and whether it counts."""

    number: int
    box: tuple[float, float, float, float]
    counts: bool = True
    visible: float = 1.0


def load_mot(folder: Path) -> list[MotSequence]:
    """All sequences in a folder, or the one that it is. Raises TrainingError."""
    if not folder.is_dir():
        raise TrainingError(f"{folder}: no such folder")
    labels = sorted(folder.glob("gt/gt.txt")) or sorted(folder.glob("*/gt/gt.txt"))
    if not labels:
        raise TrainingError(f"{folder}: no gt/gt.txt in it, nor in its folders; MOT's layout is")
    return [_sequence(file.parent.parent) for file in labels]


def _sequence(folder: Path) -> MotSequence:
    info = configparser.ConfigParser()
    try:
        info.read(folder / "seqinfo.ini", "utf-8")
        fps = info.getfloat("Sequence", "frameRate", fallback=FPS)
        place = folder / info.get("Sequence", "imDir", fallback="img1")
    except (configparser.Error, ValueError, UnicodeDecodeError) as error:
        raise TrainingError(f"{folder / 'seqinfo.ini'}: {error}") from error
    files = place.iterdir() if place.is_dir() else ()
    frames = tuple(sorted(file for file in files if file.suffix.lower() in PICTURES))
    if not frames:
        raise TrainingError(f"{place}: no pictures; MOT's layout has them there")
    labelled = _read_labels(folder / "gt" / "gt.txt", len(frames))
    return MotSequence(
        folder.resolve().name,
        fps,
        frames,
        tuple(_numbered([each for each in frame if each.counts]) for frame in labelled),
        tuple(_numbered([each for each in frame if not each.counts]).boxes for frame in labelled),
    )


def _read_labels(file: Path, count: int) -> list[list[Labelled]]:
    frames: list[list[Labelled]] = [[] for _ in range(count)]
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = [float(text) for text in line.split(",")]
            frame, track, left, top, width, height = values[:6]
        except ValueError:
            raise TrainingError(f"{file}, line {number}: not a line of MOTChallenge") from None
        if not 1 <= frame <= count:
            raise TrainingError(f"{file}, line {number}: frame {frame:g} of {count}")
        box = (left - 1, top - 1, left - 1 + width, top - 1 + height)
        counts = len(values) < 7 or values[6] != 0
        frames[int(frame) - 1].append(Labelled(int(track), box, counts))
    return frames


def _numbered(labelled: Sequence[Labelled]) -> Numbered:
    boxes = np.array([each.box for each in labelled], np.float32).reshape(-1, 4)
    return Numbered(np.array([each.number for each in labelled], np.int64), boxes)


def write_mot(folder: Path, fps: float, frames: Iterable[tuple[Image, Sequence[Labelled]]]) -> Path:
    """Write a sequence, JPEG pictures RGB uint8 [H, W, 3] with their labels; returns the folder."""
    (folder / "img1").mkdir(parents=True, exist_ok=True)
    (folder / "gt").mkdir(exist_ok=True)
    lines = list[str]()
    for index, (image, labelled) in enumerate(frames, start=1):
        quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
        cv2.imwrite(str(folder / "img1" / f"{index:06d}.jpg"), image[..., ::-1], quality)
        for each in labelled:
            x1, y1, x2, y2 = each.box
            lines.append(
                f"{index},{each.number},{x1 + 1:.2f},{y1 + 1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},"
                f"{int(each.counts)},1,{each.visible:.3f}\n"
            )
    info = f"[Sequence]\nname={folder.name}\nimDir=img1\nframeRate={fps:g}\n"
    (folder / "seqinfo.ini").write_text(info, "utf-8")
    # The labels come last: a sequence that has them is whole.
    (folder / "gt" / "gt.txt").write_text("".join(lines), "utf-8")
    return folder
