"""Contracts: what holds for every task, source and sink. Tests of plugins inherit them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from edgereg.assembly import Choice, in_order, open_origin
from edgereg.authoring.check.tasks import Kept, Where, frames, results_of, scenes
from edgereg.core.errors import SinkError, SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.predictions import regions_of
from edgereg.core.regions import Regions
from edgereg.core.result import FrameResult
from edgereg.core.settings import Settings
from edgereg.core.tasks import Task, is_step_task
from edgereg.pipeline.loading import LoadedStepTask, LoadedTask, Loading, load_task, load_tasks
from edgereg.sinks.base import RunInfo, Sink
from edgereg.sinks.open import open_sink
from edgereg.sources.base import Source
from edgereg.sources.open import open_source
from edgereg.sources.wrapped import Arrays
from edgereg.testing.fakes import FakeModel
from edgereg.testing.installed import installed, installed_task

SCENES = ("ordinary", "empty", "tiny", "tall")


def run_alone(
    source: str | Path | Sequence[npt.NDArray[np.uint8]],
    task: str | Task,
    regions: Any = None,
    model: FakeModel | None = None,
) -> list[FrameResult]:
    """Run a source through one task, on the CPU."""
    tried = installed_task(task) if isinstance(task, str) else task
    loading = Loading(engine="cpu")
    loaded = load_task(tried, loading) if model is None else model.loaded(tried)
    tasks: list[LoadedTask] = [loaded]
    if tried.upstream and regions is not None:
        boxes = np.asarray(regions, np.float32).reshape(-1, 4)
        tasks = [LoadedStepTask(Where(tried.upstream, boxes=boxes)), loaded]
    elif tried.upstream:
        tasks = [*load_tasks(installed().tasks().values(), [tried.upstream], loading), loaded]
    given = open_source(source) if isinstance(source, str | Path) else Arrays(source)
    sink = Kept()
    report = in_order(given, tasks, [sink], Settings(), pictures=True)
    if report.error is not None:
        raise report.error
    return sink.results


def the_faults(results: Sequence[FrameResult]) -> str:
    """What went wrong in a run, with the first traceback."""
    faults = [(result.index, fault) for result in results for fault in result.faults]
    lines = [f"frame {n}: '{f.task}' failed in '{f.step}': {f.reason}" for n, f in faults[:5]]
    return "\n".join([*lines, *(fault.traceback for _, fault in faults[:1])])


@lru_cache(maxsize=2)
def _loaded(name: str) -> LoadedTask:
    return load_task(installed_task(name), Loading(engine="cpu"))


class TaskContract:
    """What holds for every task, whatever the frames: inherit it, and name the task.

    class TestContract(TaskContract):
        task = "gaze"
    """

    task: ClassVar[str]

    @pytest.fixture
    def loaded(self) -> LoadedTask:
        """The task with its model, on the CPU."""
        return _loaded(self.task)

    @pytest.mark.parametrize("scene", SCENES)
    def test_any_frame_is_answered(self, loaded: LoadedTask, scene: str) -> None:
        """Predictions of the declared kinds for every frame, which stays as it is."""
        images = scenes()[scene]
        before = [sha256(image.tobytes()).digest() for image in images]
        results, _ = results_of(loaded.task, loaded, images)
        if told := the_faults(results):
            pytest.fail(told, pytrace=False)
        assert len(results) == len(images)
        for result in results:
            found = result[self.task]
            assert found.kinds == loaded.kinds
            assert np.all((found.scores >= 0) & (found.scores <= 1))
        assert [sha256(image.tobytes()).digest() for image in images] == before

    def test_a_clip_has_the_same_answers_the_second_time(self, loaded: LoadedTask) -> None:
        """Nothing of one run reaches the next."""
        images = scenes()["ordinary"]
        first, second = (results_of(loaded.task, loaded, images)[0] for _ in range(2))
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one[self.task].values, other[self.task].values)

    def test_predictions_can_be_sent_to_another_process(self, loaded: LoadedTask) -> None:
        """As workers and isolated plugins do."""
        results, _ = results_of(loaded.task, loaded, scenes()["ordinary"])
        found = replace(results[0][self.task], features={})
        assert len(pickle.loads(pickle.dumps(found))) == len(found)  # noqa: S301

    def test_a_memory_is_forgotten(self, loaded: LoadedTask) -> None:
        """After `reset` a step task answers as in a new run."""
        task = loaded.task
        if not is_step_task(task) or not isinstance(loaded, LoadedStepTask):
            pytest.skip("a region task has no memory")
        where = Where(task.upstream or "")
        clip = [Frame(n, n / 25, image) for n, image in enumerate(scenes()["ordinary"])]
        state = task.open(loaded.model, Settings())

        def answers() -> list[npt.NDArray[Any]]:
            nothing = Regions.of_boxes([])
            upstream = [regions_of(where.step(frame, nothing, ())) for frame in clip]
            regions = upstream if task.upstream else [nothing] * len(clip)
            return [
                state.step(frame, each, ()).values.copy()
                for frame, each in zip(clip, regions, strict=True)
            ]

        first = answers()
        state.reset("seek")
        for one, other in zip(first, answers(), strict=True):
            np.testing.assert_array_equal(one, other)


class SourceContract:
    """What holds for every source: inherit it, and name one as users do.

    class TestContract(SourceContract):
        source = "greys:3"
    """

    source: ClassVar[str]

    @pytest.fixture
    def opened(self) -> Source:
        """The source, with the formats of all plugins."""
        return open_origin(installed(), self.source, Choice())

    def test_frames_come_in_order(self, opened: Source) -> None:
        """Indices rise by one, times rise, pictures are uint8 [H, W, 3]."""
        read = [frame for frame, _ in zip(opened.frames(), range(20), strict=False)]
        opened.close()
        assert read, "no frame came"
        assert [frame.index for frame in read] == list(range(len(read)))
        assert all(one.time_s < next_.time_s for one, next_ in pairwise(read))
        assert read[0].image.dtype == np.uint8
        assert read[0].size == (opened.info.width, opened.info.height)

    def test_it_ends_where_it_is_closed(self, opened: Source) -> None:
        """Closing twice is no fault, and a running iteration ends."""
        frames = opened.frames()
        next(frames)
        opened.close()
        opened.close()
        assert next(frames, None) is None

    def test_it_goes_where_it_is_told(self, opened: Source) -> None:
        """`seek` makes a frame the next one, exactly; outside there is none."""
        if not opened.info.seekable:
            with pytest.raises(SourceError):
                opened.seek(0)
            return
        last = (opened.info.frame_count or 2) - 1
        opened.seek(last)
        assert next(opened.frames()).index == last
        opened.close()


class SinkContract:
    """What holds for every output: inherit it, and name its ending.

    class TestContract(SinkContract):
        ending = ".xyz"
    """

    ending: ClassVar[str]

    def open_at(self, path: Path) -> Sink:
        """The sink at a path, for boxes of a detector."""
        info = SourceInfo("contract", 64, 48, 25.0, 3, seekable=False, live=False)
        kinds = {"detection": Where("detection").kinds(None)}
        return open_sink(path, RunInfo(info, kinds), installed().sinks())

    def test_a_run_is_written(self, tmp_path: Path) -> None:
        """Frames with boxes and without, then closed twice; something is there."""
        sink, where = self.open_at(tmp_path / f"out{self.ending}"), Where("detection")
        for index, image in enumerate(frames(64, 48, 3)):
            frame = Frame(index, index / 25, image)
            found = where.step(frame, Regions.of_boxes([]), ())
            facts = (index, index / 25, frame.image, {"detection": found})
            sink.write(FrameResult(*facts, picture=frame.image))
        sink.close()
        sink.close()
        assert any(path.is_file() and path.stat().st_size for path in tmp_path.rglob("*"))

    def test_an_empty_run_is_closed(self, tmp_path: Path) -> None:
        """A source may fail before its first frame."""
        self.open_at(tmp_path / f"out{self.ending}").close()

    def test_a_place_that_can_not_be_written(self, tmp_path: Path) -> None:
        """SinkError, at once or with the first frame: here a folder has the name."""
        image, path = np.zeros((48, 64, 3), np.uint8), tmp_path / f"out{self.ending}"
        path.mkdir()

        def write() -> None:
            sink = self.open_at(path)
            sink.write(FrameResult(0, 0.0, image, picture=image))

        with pytest.raises(SinkError):
            write()
