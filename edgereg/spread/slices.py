"""A part of a run that one worker does by itself: a file, or a slice of a long one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgereg.assembly import Choice, in_order, load
from edgereg.core.errors import SourceError
from edgereg.core.result import FrameResult
from edgereg.pipeline.loading import LoadedTask
from edgereg.plugins import Plugins, load_plugins
from edgereg.sources.file import VideoFile
from edgereg.sources.options import SourceOptions
from edgereg.sources.wrapped import Part


@dataclass(frozen=True)
class Job:
    """What every worker does: the user's choice; without: plugins that are left out."""

    choice: Choice
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """Frames [start, stop) of a clip; stop None: to its end."""

    clip: Path
    start: int = 0
    stop: int | None = None

    def __str__(self) -> str:
        return f"{self.clip}" if self.first_to_last else f"{self.clip} from frame {self.start}"

    @property
    def first_to_last(self) -> bool:
        """Whether it is the whole clip."""
        return self.start == 0 and self.stop is None


@dataclass(frozen=True)
class Done:
    """What a worker hands back: results without pixels, and what the run needs besides."""

    results: tuple[FrameResult, ...]
    fps: float
    warnings: tuple[str, ...]
    switched_off: tuple[str, ...]


def slices_of(clip: Path, frames: int, options: SourceOptions | None = None) -> list[Slice]:
    """A clip cut into slices of so many frames each; the last one runs to the clip's true end.

    A clip that can't be opened is one slice, whose worker says why.
    """
    try:
        source = VideoFile(clip, options)
    except SourceError:
        return [Slice(clip)]
    count = source.count()
    source.close()
    starts = range(0, max(count or 0, 1), frames)
    return [Slice(clip, start, None if start == starts[-1] else start + frames) for start in starts]


def run_slice(job: Job, part: Slice) -> Done:
    """Run the tasks on a slice. Raises SourceError where the clip can't be read to there."""
    source = VideoFile(part.clip, job.choice.source)
    kept = _Kept([])
    if part.start:
        source.seek(part.start)
    plugins, tasks = _loaded(job)
    settings = job.choice.settings(plugins)
    report = in_order(Part(source, part.stop), tasks, [kept], settings)
    if report.error is not None:
        raise report.error
    warnings = tuple(source.warnings)
    off = tuple(report.switched_off.values())
    return Done(tuple(kept.results), source.info.fps, warnings, off)


@lru_cache(maxsize=1)
def _loaded(job: Job) -> tuple[Plugins, list[LoadedTask]]:
    """The job's plugins and tasks, loaded once in a worker's life."""
    plugins = load_plugins(job.without)
    return plugins, load(plugins, job.choice)


@dataclass
class _Kept:
    """A sink that keeps what may travel: predictions without features, frames without pixels."""

    results: list[FrameResult]

    def write(self, result: FrameResult) -> None:
        light = {name: replace(found, features={}) for name, found in result.predictions.items()}
        nothing = np.zeros((*result.image.shape[:2], 0), np.uint8)
        self.results.append(
            replace(result, image=nothing, picture=None, marks=(), predictions=light)
        )

    def close(self) -> None:
        """Nothing to close."""


def with_size(result: FrameResult) -> FrameResult:
    """A result that travelled, its frame black and of the right size (it takes no memory)."""
    height, width = result.image.shape[:2]
    return replace(result, image=np.broadcast_to(np.uint8(0), (height, width, 3)))
