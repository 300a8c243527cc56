"""Boxes that somebody draws while a source runs: objects to follow, and to follow no further."""

from __future__ import annotations

from edgereg.core.errors import EdgeregError
from edgereg.core.regions import Prompt
from edgereg.pipeline.loading import LoadedStepTask
from edgereg.serve.worker import AtWork, Worker

# Every one costs time in each frame.
MOST_OBJECTS = 32


def follows(at_work: AtWork | None) -> bool:
    """Whether a task is at work that follows what is pointed at."""
    tasks = () if at_work is None else at_work.tasks
    return any(isinstance(each, LoadedStepTask) and not each.task.upstream for each in tasks)


def followed(at_work: AtWork | None) -> list[int]:
    """Numbers of the objects that were pointed at."""
    prompts = () if at_work is None else at_work.settings.prompts
    return sorted({number for number, _ in _numbered(prompts)})


def follow(worker: Worker, box: tuple[float, float, float, float], track: int | None = None) -> int:
    """Follow what is in a box (x, y, width, height in pixels) from the next frame on.

    track: the object that is there, None: another one. Returns its number. It is forgotten when
    the run ends. Call from one thread only. Raises EdgeregError where nothing can be followed.
    """
    at_work, latest = worker.at_work, worker.live.latest
    if at_work is None or latest is None or not follows(at_work):
        raise EdgeregError("box: a task that follows boxes must be running, such as 'tracking'")
    height, width = latest.result.image.shape[:2]
    x, y, w, h = box
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise EdgeregError(f"box: lies outside of the picture, which is {width} x {height}")
    numbers = followed(at_work)
    if track is not None and track not in numbers:
        raise EdgeregError(f"track: there is no object {track}")
    if track is None and len(numbers) >= MOST_OBJECTS:
        raise EdgeregError(f"box: {MOST_OBJECTS} objects are enough; forget one first")
    number = track or max(numbers, default=0) + 1
    kept = tuple(prompt for each, prompt in _numbered(at_work.settings.prompts) if each != number)
    at_work.settings.prompts = (*kept, Prompt((x, y, x + w, y + h), None, number))
    return number


def forget(worker: Worker, track: int | None = None) -> bool:
    """Follow an object, or all, no further; False where there is none. One thread only."""
    at_work = worker.at_work
    if at_work is None or (track is not None and track not in followed(at_work)):
        return False
    at_work.settings.prompts = tuple(
        prompt
        for number, prompt in _numbered(at_work.settings.prompts)
        if track not in (None, number)
    )
    return True


def _numbered(prompts: tuple[Prompt, ...]) -> list[tuple[int, Prompt]]:
    """Prompts with their objects' numbers; those of the configuration count from 1."""
    return [(prompt.track or place, prompt) for place, prompt in enumerate(prompts, 1)]
