"""What only the staged runner does: drop, pause, seek, stop, and be faster."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.sequential import run_sequential
from edgereg.pipeline.staged import StagedPipeline
from edgereg.pipeline.stats import WINDOW, Meter, _rate

pytestmark = pytest.mark.timeout(30)


def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait for something that other threads bring about."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def test_every_frame_mode_loses_nothing_however_slow(
    frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector(wait_s=0.01)
    report = StagedPipeline(frames(30), loaded, [sink], queue_size=1).run()
    assert sink.indices == list(range(30))
    assert report.stats.dropped == 0


def test_latest_mode_drops_and_counts(
    frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector(wait_s=0.05)
    source = frames(100, wait_s=0.004, live=True)
    report = StagedPipeline(source, loaded, [sink], mode="latest").run()
    assert report.stats.dropped > 30
    assert report.stats.dropped + report.stats.frames == 100
    assert sink.indices == sorted(sink.indices)
    assert sink.indices[-1] == 99


def test_pictures_of_dropped_frames_are_never_made(frames: Any, collector: Any) -> None:
    made: list[int] = []

    def developed(index: int) -> Any:
        made.append(index)
        return np.zeros((8, 8, 3), np.uint8)

    class Camera(frames):  # type: ignore[misc]
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                index = frame.index
                yield Frame.undeveloped(index, 0.0, partial(developed, index))

    sink = collector(wait_s=0.03)
    report = StagedPipeline(Camera(100, wait_s=0.003), [], [sink], mode="latest").run()
    assert report.stats.dropped > 30
    assert made == sink.indices


def test_a_picture_that_can_t_be_made_ends_the_run(frames: Any, collector: Any) -> None:
    def broken() -> Any:
        raise SourceError("frames: pictures of the form xyz can't be shown")

    class Camera(frames):  # type: ignore[misc]
        def frames(self) -> Iterator[Frame]:
            yield Frame.undeveloped(0, 0.0, broken)

    for mode in ("latest", "every"):
        report = StagedPipeline(Camera(), [], [collector()], mode=mode).run()
        assert "xyz" in str(report.error)
    assert "xyz" in str(run_sequential(Camera(), [], [collector()]).error)


def test_stages_overlap(frames: Any, collector: Any) -> None:
    def slow(image: Any, marks: Any) -> Any:
        time.sleep(0.02)
        return image

    def run(runner: Callable[..., Any]) -> float:
        start = time.perf_counter()
        runner(frames(15, wait_s=0.02), [], [collector(wait_s=0.02)], painter=slow)
        return time.perf_counter() - start

    staged = run(lambda *a, **k: StagedPipeline(*a, **k).run())
    assert staged < 0.65 * run(run_sequential)


def test_stop_is_prompt_and_closes(frames: Any, collector: Any, loaded: list[LoadedTask]) -> None:
    source, sink = frames(100_000, wait_s=0.001), collector()
    pipeline = StagedPipeline(source, loaded, [sink])
    pipeline.start()
    until(lambda: len(sink.results) > 5)
    start = time.monotonic()
    report = pipeline.stop()
    assert time.monotonic() - start < 1
    assert not pipeline.running
    assert report.error is None
    assert sink.closed == 1
    assert source.closed
    assert sink.indices == list(range(len(sink.results)))


def test_stop_before_start_and_after_the_end(frames: Any, collector: Any) -> None:
    source, sink = frames(3), collector()
    StagedPipeline(source, [], [sink]).stop()
    assert source.closed
    assert sink.closed == 1
    pipeline = StagedPipeline(frames(3), [], [collector()])
    pipeline.run()
    assert pipeline.stop().stats.frames == 3


@dataclass
class Stuck:
    """A source whose read returns only when it is closed."""

    inner: Any
    gone: threading.Event

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def frames(self) -> Any:
        yield Frame(0, 0.0, next(self.inner.frames()).image)
        self.gone.wait(20)

    def close(self) -> None:
        self.gone.set()


def test_stop_wakes_a_source_that_waits(frames: Any, collector: Any) -> None:
    sink = collector()
    pipeline = StagedPipeline(Stuck(frames(5), threading.Event()), [], [sink])
    pipeline.start()
    until(lambda: len(sink.results) == 1)
    start = time.monotonic()
    pipeline.stop()
    assert time.monotonic() - start < 1
    assert not pipeline.running


def test_stop_gives_up_on_a_stage_that_hangs(frames: Any, collector: Any) -> None:
    entered, freed = threading.Event(), threading.Event()

    def stuck(image: Any, marks: Any) -> Any:
        entered.set()
        freed.wait(20)
        return image

    pipeline = StagedPipeline(frames(5), [], [collector()], painter=stuck)
    pipeline.start()
    assert entered.wait(5)
    start = time.monotonic()
    pipeline.stop(timeout_s=0.2)
    assert time.monotonic() - start < 1
    assert pipeline.running
    freed.set()
    pipeline.wait(5)
    assert not pipeline.running


def test_a_painter_that_raises_ends_the_run(frames: Any, collector: Any) -> None:
    def broken(image: Any, marks: Any) -> Any:
        raise RuntimeError("no paint")

    sink = collector()
    report = StagedPipeline(frames(500), [], [sink], painter=broken).run()
    assert str(report.error) == "no paint"
    assert sink.closed == 1


def test_pause_resume_and_seek(frames: Any, collector: Any, loaded: list[LoadedTask]) -> None:
    source, sink = frames(100_000, wait_s=0.001), collector()
    pipeline = StagedPipeline(source, loaded, [sink])
    pipeline.start()
    until(lambda: len(sink.results) > 3)
    pipeline.pause()
    time.sleep(0.15)
    count = len(sink.results)
    time.sleep(0.1)
    assert len(sink.results) == count
    pipeline.seek(50_000)
    until(lambda: len(sink.results) == count + 1)
    assert sink.indices[-1] == 50_000
    pipeline.resume()
    until(lambda: len(sink.results) > count + 5)
    assert sink.indices[count : count + 4] == [50_000, 50_001, 50_002, 50_003]
    pipeline.stop()


def test_after_a_jump_no_old_frame_comes_out(
    frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector(wait_s=0.002)
    pipeline = StagedPipeline(frames(10**6), loaded, [sink])
    pipeline.start()
    for jump in (1000, 2000, 500, 3000):
        until(lambda: len(sink.results) > 3)
        pipeline.seek(jump)
        before = len(sink.results)
        until(lambda before=before: len(sink.results) > before + 3)
        # One result may have been on its way into the sink while the jump came.
        assert set(sink.indices[before + 1 :]) <= set(range(jump, jump + 200))
    pipeline.stop()


def test_a_camera_is_not_searched(frames: Any, collector: Any) -> None:
    class Camera(frames):
        @property
        def info(self) -> Any:
            return replace(super().info, seekable=False, live=True)

    sink = collector()
    pipeline = StagedPipeline(Camera(200, wait_s=0.005), [], [sink], mode="latest")
    pipeline.start()
    until(lambda: len(sink.results) > 2)
    with pytest.raises(SourceError, match="can't go to frame 3"):
        pipeline.seek(3)
    before = len(sink.results)
    until(lambda: len(sink.results) > before)
    assert pipeline.stop().error is None


def test_refinement_is_switched_while_it_runs(
    frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    def refined() -> bool:
        return sink.results[-1].predictions["colour"].refinement is not None

    sink = collector()
    pipeline = StagedPipeline(frames(10**6), loaded, [sink])
    pipeline.start()
    until(lambda: len(sink.results) > 2 and refined())
    pipeline.settings.refine = False
    until(lambda: not refined())
    pipeline.settings.refine = True
    until(refined)
    pipeline.stop()


def test_held_at_the_end_until_sought(frames: Any, collector: Any) -> None:
    sink = collector()
    pipeline = StagedPipeline(frames(6), [], [sink], hold_at_end=True)
    pipeline.start()
    until(lambda: len(sink.results) == 6)
    time.sleep(0.05)
    assert pipeline.running
    pipeline.seek(4)
    until(lambda: len(sink.results) == 8)
    assert sink.indices[-2:] == [4, 5]
    pipeline.stop()
    assert not pipeline.running


def test_stats_may_be_read_while_it_runs(
    frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    sink = collector(wait_s=0.01)
    pipeline = StagedPipeline(frames(100_000), loaded, [sink])
    pipeline.start()
    until(lambda: len(sink.results) > 20)
    stats = pipeline.stats()
    pipeline.stop()
    assert stats.stages["write"].p50_ms >= 10
    assert 20 < stats.fps < 120


def test_a_frame_that_comes_before_the_jump_is_over_is_kept(frames: Any, collector: Any) -> None:
    sink = collector()
    pipeline = StagedPipeline(frames(100), [], [sink])
    pipeline.pause()
    seek = pipeline._transport.seek

    def slow_seek(index: int) -> int:
        generation = seek(index)
        time.sleep(0.1)  # the decoder is quicker than who asked
        return generation

    pipeline._transport.seek = slow_seek
    pipeline._channels[-1].get = lambda get=pipeline._channels[-1].get: (time.sleep(0.2), get())[1]
    pipeline.start()
    pipeline.seek(7)
    until(lambda: sink.indices == [7])
    pipeline.stop()


def test_a_source_that_complains_of_being_closed_by_stop_is_no_error(
    frames: Any, collector: Any
) -> None:
    class Complaining(frames):
        def seek(self, index: int) -> None:
            until(lambda: self.closed)
            raise SourceError("frames: is closed; open it again")

    pipeline = StagedPipeline(Complaining(100, wait_s=0.01), [], [collector()])
    pipeline.start()
    pipeline.seek(3)
    assert pipeline.stop().error is None


def test_the_rate_falls_when_nothing_comes() -> None:
    written = deque([0.0, 0.1, 0.2, 0.3])
    assert _rate(written, now=0.35) == pytest.approx(10)
    assert _rate(written, now=4.0) == pytest.approx(10)
    assert _rate(written, now=20.3) == pytest.approx(0.05)
    assert _rate(deque([0.0, 6.0]), now=6.0) == pytest.approx(1 / 6)
    assert _rate(deque([1.0]), now=2.0) == 0


@pytest.mark.parametrize("count", [1, 2, 7, WINDOW + 500])
def test_percentiles_are_of_the_latest(count: int) -> None:
    ages, meter = np.random.default_rng(0).gamma(2.0, 0.01, count), Meter(())
    for age in ages.tolist():
        meter.frame_done(age)
    found = meter.stats().ages
    expected = np.percentile(ages[-WINDOW:] * 1000, [50, 95, 99])
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == pytest.approx(tuple(expected))
    assert found.count == count
