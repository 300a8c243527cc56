"""Frames, and what is known of the source that they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from edgereg.core.arrays import Image


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    index: from 0, counted in the source. time_s: seconds from the source's start.
    image: uint8 [H, W, 3] RGB, which nobody can write into.
    name: the source it is from; in a folder of photographs, the file.
    clip: number of the clip it belongs to, from 0, where a source plays several one after another.
    still: whether it is a photograph, which no other frame follows.
    """

    index: int
    time_s: float
    image: Image
    name: str = ""
    clip: int = 0
    still: bool = False

    @classmethod
    def undeveloped(
        cls, index: int, time_s: float, develop: Callable[[], Image], name: str = ""
    ) -> Frame:
        """A frame whose image is made, in the thread that asks first, when it is asked for: of a
        camera's frames many are never looked at."""
        return cls(index, time_s, cast("Image", develop), name)

    def develop(self) -> None:
        """Make the image now, where that was left for later. Raises what the source raises."""
        self.image  # noqa: B018

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "image": self.image}

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.image.shape[:2]
        return width, height


class _Picture:
    """The attribute `image` of frames: what was given to the frame, an array or a way to it."""

    def __get__(self, frame: Frame, owner: type[Frame]) -> Image:
        found = frame.__dict__["image"]
        if callable(found):
            found = frame.__dict__["image"] = _locked(found())
        image: Image = found
        return image

    def __set__(self, frame: Frame, image: Image | Callable[[], Image]) -> None:
        frame.__dict__["image"] = image if callable(image) else _locked(image)


def _locked(image: Image) -> Image:
    """The array stays its owner's to write, only nobody downstream can: what stands on a buffer
    for reading can't be unlocked, which a mere view of the array could be."""
    return np.asarray(image.data.toreadonly())


# Once the class is made, else it would be taken for the field's default.
Frame.image = _Picture()  # type: ignore[assignment]


@dataclass(frozen=True)
class SourceInfo:
    """What is known before the first frame.

    width, height: pixels of the first frame; later frames may differ.
    fps: frames per second (1.0 for still images).
    frame_count: number of frames, or None where it is unknown or endless.
    seekable: whether `seek` works; live: frames come in real time, late ones are lost.
    stills: every frame is a photograph, from a file of its own, which `Frame.name` tells.
    files: every file that is read, none for a camera or stream. start_s: what the container's own
    clock shows at the first frame, whose `time_s` is 0; its sound is on that clock.
    frame_count is what a container says, and may be None, until its frames have been counted.
    """

    name: str
    width: int
    height: int
    fps: float
    frame_count: int | None
    seekable: bool
    live: bool
    stills: bool = False
    files: tuple[Path, ...] = ()
    start_s: float = 0.0
