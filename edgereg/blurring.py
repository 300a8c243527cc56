"""Anonymised pictures: heads that were found are covered before any picture is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from edgereg.core.arrays import FloatArray
from edgereg.core.errors import EdgeregError
from edgereg.core.result import FrameResult
from edgereg.paint.veil import LOOKS, Look, veiled
from edgereg.sinks.base import Sink
from edgereg.tracks.covers import CARRIED, UNCERTAIN, Cover, grown

# The task whose boxes are covered.
HEADS = "detection"
# Round a box, so that hair, chin and ears are covered too: a share of its size, and pixels.
MARGIN, MARGIN_PX = 0.25, 2.0


@dataclass(frozen=True)
class Blur:
    """How heads are covered."""

    look: Look = "blur"

    @classmethod
    def parse(cls, text: str) -> Blur:
        """`heads`, or `heads:LOOK`. Raises EdgeregError for anything else."""
        what, _, look = text.partition(":")
        for known in LOOKS:
            if what == "heads" and (look or "blur") == known:
                return cls(known)
        raise EdgeregError(f"blur {text}: write heads, heads:pixelate or heads:box")


@dataclass
class Veil:
    """Covers the heads of one picture after the other, and counts.

    cover: what to cover in a frame; None where nobody knows: then all of the picture is.
    """

    blur: Blur
    cover: Callable[[FrameResult], Cover | None]
    frames: int = 0
    unknown: int = 0
    boxes: Counter[int] = field(default_factory=Counter)
    _last: tuple[FrameResult, FrameResult] | None = None

    def veil(self, result: FrameResult) -> FrameResult:
        """The frame without recognisable heads, and without marks; the same for every output."""
        if self._last is not None and self._last[0].image is result.image:
            return self._last[1]
        cover = self.cover(result)
        self.frames += 1
        if cover is None:
            self.unknown += 1
            height, width = result.image.shape[:2]
            boxes: FloatArray = np.array([[0, 0, width, height]], np.float32)
        else:
            self.boxes.update(cover.how.tolist())
            boxes = grown(cover.boxes, np.full(len(cover.boxes), MARGIN), MARGIN_PX)
        picture = veiled(result.image, boxes, self.blur.look)
        self._last = (result, replace(result, image=picture, picture=picture, marks=()))
        return self._last[1]

    def summary(self) -> str:
        """One line on what was covered, and how sure that is."""
        line = (
            f"{self.boxes.total()} heads covered in {self.frames} frames: "
            f"{self.boxes[CARRIED]} carried there by their tracks, "
            f"{self.boxes[UNCERTAIN]} uncertain"
        )
        if self.unknown:
            line += f"; {self.unknown} frames wholly covered, as the detector failed in them"
        return f"{line}. A head that was never found is not covered: look the video through."


@dataclass(frozen=True)
class Veiled:
    """A sink that never sees a head."""

    sink: Sink
    veil: Veil

    def write(self, result: FrameResult) -> None:
        """Write the frame with its heads covered."""
        self.sink.write(self.veil.veil(result))

    def close(self) -> None:
        """Finish the output."""
        self.sink.close()
