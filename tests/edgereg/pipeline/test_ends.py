"""How a run ends where its source or a sink fails; both runners alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.staged import StagedPipeline
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


@pytest.mark.timeout(60)
@pytest.mark.parametrize("leaving", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_plugin_that_leaves_the_program_ends_no_more_than_the_run(
    frames: Any, collector: Any, loaded: list[LoadedTask], leaving: BaseException
) -> None:
    """In stages, where a thread that dies in silence would let the others wait for ever."""

    def leave(*rest: Any) -> Any:
        raise leaving

    sink = collector()
    task = replace(loaded[1], task=Spoilt(loaded[1].task, {"conclude": leave}))
    report = StagedPipeline(frames(8), [loaded[0], task], [sink]).run()
    assert sink.indices == list(range(8))
    assert list(report.switched_off) == ["colour"]

    source, bad = frames(8), collector()
    source.frames = leave
    report = StagedPipeline(source, loaded, [bad]).run()
    assert type(leaving).__name__ in str(report.error)
    assert bad.closed == 1

    source, bad = frames(8), collector()
    bad.write = leave
    report = StagedPipeline(source, loaded, [bad]).run()
    assert type(leaving).__name__ in str(report.error)
    assert source.closed


@dataclass(frozen=True)
class Spoilt:
    """A task of which some calls are replaced."""

    task: Any
    calls: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.calls.get(name) or getattr(self.task, name)
