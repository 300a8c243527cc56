"""Sources that pass another one on, with a change: fewer frames, or frames from Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

import numpy as np

from edgereg.core.arrays import Image
from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.base import Source

# Times of frames that come as arrays: nobody says how fast they were taken.
ARRAYS_FPS = 25.0


@dataclass(frozen=True)
class Part:
    """The frames of a source before index `stop` (None: all), at most `limit` of them.

    It is read once; seek the source itself before it starts.
    """

    source: Source
    stop: int | None = None
    limit: int | None = None

    @property
    def info(self) -> SourceInfo:
        """The source's, shortened."""
        info = self.source.info
        counts = [info.frame_count, self.limit, self.stop]
        known = [count for count in counts if count is not None]
        return replace(info, frame_count=min(known) if known else None, seekable=False)

    @property
    def warnings(self) -> Sequence[str]:
        """The source's own."""
        return self.source.warnings

    def frames(self) -> Iterator[Frame]:
        """Frames up to the end of the part."""
        frames = islice(self.source.frames(), self.limit)
        if self.stop is None:
            return frames
        stop = self.stop
        return takewhile(lambda frame: frame.index < stop, frames)

    def seek(self, index: int) -> None:
        """Raises SourceError: a part is read once, from its start."""
        raise SourceError(f"{self.info.name}: only a part of it is read; it can't be searched")

    def close(self) -> None:
        """Close the source."""
        self.source.close()


class Arrays:
    """Frames from an iterable of images, uint8 [H, W, 3] RGB."""

    def __init__(
        self, images: Iterable[Image], name: str = "arrays", fps: float = ARRAYS_FPS
    ) -> None:
        """fps: how many were taken a second.

        Raises SourceError where there is no image, or the first is none.
        """
        self._images = iter(images)
        self._name = name
        self._closed = False
        self.warnings: tuple[str, ...] = ()
        first = next(self._images, None)
        if first is None:
            raise SourceError(f"{name}: holds no image")
        self._first: Image | None = self._checked(first, 0)
        height, width = self._first.shape[:2]
        self.info = SourceInfo(name, width, height, fps, None, seekable=False, live=False)

    def frames(self) -> Iterator[Frame]:
        """Every image once. Raises SourceError at one that is no RGB picture."""
        if self._first is None:
            return
        first, self._first = self._first, None
        yield Frame(0, 0.0, first, self._name)
        for index, image in enumerate(self._images, start=1):
            if self._closed:
                return
            yield Frame(index, index / self.info.fps, self._checked(image, index), self._name)

    def seek(self, index: int) -> None:
        """Raises SourceError: an iterator has no past."""
        raise SourceError(f"{self._name}: can't go to frame {index}; it is read once")

    def close(self) -> None:
        """End a running iteration."""
        self._closed = True

    def _checked(self, image: Image, index: int) -> Image:
        array = np.asarray(image)
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
            raise SourceError(
                f"{self._name}: image {index} is {array.dtype} {list(array.shape)}; "
                "uint8 [height, width, 3] in RGB is wanted"
            )
        return array
