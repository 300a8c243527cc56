"""How a run ends where its source or a sink fails; both runners alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.stats import Report

Run = Callable[..., Report]


def test_a_source_that_fails_ends_the_run_whole(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    source, sink = frames(20, fails_at=7), collector()
    report = run(source, loaded, [sink])
    assert str(report.error) == "frames: unplugged; plug it in"
    assert sink.indices == list(range(7))
    assert sink.closed == 1
    assert source.closed


def test_a_sink_that_fails_ends_the_run_and_closes_all(
    run: Run, frames: Any, collector: Any, loaded: list[LoadedTask]
) -> None:
    source, good, bad = frames(1000), collector(), collector(fails_at=4)
    report = run(source, loaded, [good, bad])
    assert "the disk is full" in str(report.error)
    assert good.indices == list(range(5))
    assert bad.indices == list(range(4))
    assert good.closed == bad.closed == 1
    assert source.closed


def test_warnings_of_the_source_are_reported(run: Run, frames: Any, collector: Any) -> None:
    assert run(frames(1, warnings=["one frame lost"]), [], []).warnings == ("one frame lost",)


def test_a_sink_that_fails_to_close_in_its_own_way_is_reported(
    run: Run, frames: Any, collector: Any
) -> None:
    class Broken(collector):  # type: ignore[misc]
        def close(self) -> None:
            raise ZeroDivisionError

    good = collector()
    report = run(frames(3), [], [Broken(), good])
    assert isinstance(report.error, ZeroDivisionError)
    assert good.closed == 1
