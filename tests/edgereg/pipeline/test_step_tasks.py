"""Tasks with a memory: every frame of one clip in order, and a state for each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.assembly import in_order, make_pipeline
from edgereg.core.frames import Frame
from edgereg.core.kinds import Kinds, scalar
from edgereg.core.predictions import Predictions
from edgereg.core.regions import Prompt, Regions
from edgereg.core.settings import Settings
from edgereg.pipeline.loading import LoadedRegionTask, LoadedStepTask, LoadedTask
from edgereg.sources.clips import Clips
from edgereg.sources.file import VideoFile

KINDS: Kinds = (scalar("seen"), scalar("regions"))


@dataclass
class Counting:
    """Counts frames; gives every region it sees a number that lasts."""

    name: str
    log: list[str]
    frames: list[int] = field(default_factory=list)

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        self.frames.append(frame.index)
        self.log += [f"{frame.index}:{prompt.box[0]:.0f}" for prompt in prompts]
        n = max(len(regions), 1)
        values = np.tile(np.array([len(self.frames), len(regions)], np.float32), (n, 1))
        boxes = regions.boxes if len(regions) else np.zeros((1, 4), np.float32)
        tracks = 100 * len(self.frames) + np.arange(n)
        return Predictions(
            self.name, "", KINDS, values, np.ones(n, np.float32), boxes, tracks=tracks
        )

    def reset(self, why: str) -> None:
        self.log.append(why)
        self.frames.clear()


@dataclass
class Counter:
    """A step task without a network, on the regions of 'spots'."""

    upstream: str | None = "spots"
    name: str = "counter"
    title: str = "Counts"
    model: Path | None = None
    log: list[str] = field(default_factory=list)
    opened: int = 0

    def kinds(self, spec: Any) -> Kinds:
        return KINDS

    def open(self, model: Any, settings: Settings) -> Counting:
        assert model is None
        self.opened += 1
        return Counting(self.name, self.log)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[Any]:
        return []


class Kept:
    def __init__(self) -> None:
        self.results: list[Any] = []

    def write(self, result: Any) -> None:
        self.results.append(result)

    def close(self) -> None:
        pass


@pytest.fixture
def counter() -> Counter:
    return Counter()


def chain(loaded: list[LoadedTask], counter: Counter, *, empty: bool = False) -> list[LoadedTask]:
    """spots -> counter -> colour, which looks at the counter's regions."""
    spots, colour = loaded
    assert isinstance(spots, LoadedRegionTask)
    assert isinstance(colour, LoadedRegionTask)
    if empty:
        spots = replace(spots, task=replace(spots.task, count=0))  # type: ignore[type-var]
    colour = replace(colour, task=replace(colour.task, upstream="counter"))  # type: ignore[type-var]
    return [spots, LoadedStepTask(counter), colour]


def seen(kept: Kept) -> list[float]:
    return [result["counter"][0]["seen"] for result in kept.results]


@pytest.mark.parametrize("empty", [False, True])
def test_every_frame_comes_in_order_the_empty_ones_too(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter, empty: bool
) -> None:
    kept = Kept()
    tasks = chain(loaded, counter, empty=empty)
    report = make_pipeline(VideoFile(clip(10)), tasks, [kept]).run()
    assert report.error is None
    assert seen(kept) == [*range(1, 11)]
    assert kept.results[4]["counter"][0]["regions"] == (0 if empty else 2)


def test_tracks_travel_with_the_regions(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    kept = Kept()
    make_pipeline(VideoFile(clip(3)), chain(loaded, counter), [kept]).run()
    assert [one.track for one in kept.results[2]["colour"]] == [300, 301]
    assert [one.track for one in kept.results[2]["spots"]] == [1, 2]


def test_two_runs_never_share_a_state(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    tasks, first, second = chain(loaded, counter), Kept(), Kept()
    path = clip(6)
    runs = [make_pipeline(VideoFile(path), tasks, [kept]) for kept in (first, second)]
    for run in runs:
        run.start()
    for run in runs:
        run.wait()
    assert seen(first) == seen(second) == [*range(1, 7)]
    assert counter.opened == 2


def test_a_seek_resets_the_state_and_gives_the_same_each_time(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    kept = Kept()
    run = make_pipeline(VideoFile(clip(12)), chain(loaded, counter), [kept], hold_at_end=True)
    run.pause()
    run.start()
    for _ in range(4):
        count = len(kept.results)
        run.seek(5)
        for _ in range(200):
            if len(kept.results) > count:
                break
            run.wait(0.02)
    run.stop()
    assert [result.index for result in kept.results] == [5, 5, 5, 5]
    assert seen(kept) == [1, 1, 1, 1]
    assert set(counter.log) == {"seek"}


def test_another_clip_is_another_life(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    kept = Kept()
    clips = Clips([clip(3, name="a.mp4"), clip(2, name="b.mp4")], "both")
    in_order(clips, chain(loaded, counter), [kept], Settings())
    assert seen(kept) == [1, 2, 3, 1, 2]
    assert counter.log == ["clip"]
    assert [result.source for result in kept.results] == ["a.mp4"] * 3 + ["b.mp4"] * 2


def test_prompts_come_once_with_their_frame(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    prompts = (Prompt((7, 0, 9, 9)), Prompt((8, 0, 9, 9), 3), Prompt((9, 0, 10, 9), 99))
    in_order(VideoFile(clip(6)), chain(loaded, counter), [Kept()], Settings(prompts=prompts))
    assert counter.log == ["0:7", "3:8"]


def test_a_prompt_of_no_frame_comes_once_with_the_next(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    settings = Settings()

    class Pointing(Kept):
        def write(self, result: Any) -> None:
            super().write(result)
            if result.index == 2:
                settings.prompts = (Prompt((7, 0, 9, 9), None),)

    in_order(VideoFile(clip(6)), chain(loaded, counter), [Pointing()], settings)
    assert counter.log == ["3:7"]


def test_a_state_that_raises_costs_only_its_own_predictions(
    clip: Callable[..., Path],
    loaded: list[LoadedTask],
    counter: Counter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: Any, *rest: Any) -> Predictions:
        raise ValueError("lost the thread")

    monkeypatch.setattr(Counting, "step", broken)
    kept = Kept()
    report = make_pipeline(VideoFile(clip(8)), chain(loaded, counter), [kept]).run()
    assert "lost the thread" in report.switched_off["counter"]
    assert all(len(result["spots"]) == 2 for result in kept.results)


def test_a_switched_off_task_is_not_computed_unless_another_stands_on_it(
    clip: Callable[..., Path], loaded: list[LoadedTask], counter: Counter
) -> None:
    kept, tasks = Kept(), chain(loaded, counter)
    in_order(VideoFile(clip(2)), tasks, [kept], Settings(off=frozenset({"colour"})))
    assert "colour" not in kept.results[0].predictions
    in_order(VideoFile(clip(2)), tasks, [kept], Settings(off=frozenset({"spots"})))
    assert len(kept.results[-1]["colour"]) == 2
