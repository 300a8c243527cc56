"""Watching a pipeline from the terminal: progress, and a clean end on Ctrl-C or SIGTERM."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from edgereg.cli.signals import note_stuck, signals_ignored
from edgereg.cli.tables import show_table

if TYPE_CHECKING:
    from edgereg.core.result import Fault, FrameResult
    from edgereg.pipeline.staged import StagedPipeline
    from edgereg.pipeline.stats import Report, Stats

POLL_S = 0.1
# The longest that an interrupted run may take to finish its frame and close its outputs.
CLOSING_S = 30.0


def watch(
    pipeline: StagedPipeline, frames: int | None, *, live: bool = False
) -> tuple[Report, bool]:
    """Run a pipeline to its end with a progress bar; also tells whether it was interrupted.

    frames: how many are expected, or None. live: warnings are told when they come, a stream's
    interruptions above all, and are not in the report any more. On Ctrl-C or SIGTERM the pipeline
    stops, and its outputs are closed before this returns.
    """
    told: list[str] = []
    stuck: set[tuple[str, str]] = set()
    try:
        advance = _Advance(frames)
        with advance.bar:
            pipeline.start()
            while pipeline.running:
                time.sleep(POLL_S)
                advance(pipeline.stats())
                if live:
                    _tell_new(pipeline.report().warnings, told)
                _tell_stuck(pipeline.guard.stuck(), stuck)
    except KeyboardInterrupt:
        with signals_ignored():
            report, interrupted = pipeline.stop(CLOSING_S), True
        if pipeline.running:
            note_stuck("pipeline")
    else:
        report, interrupted = pipeline.wait(), False
    untold = tuple(line for line in report.warnings if line not in told)
    return replace(report, warnings=untold), interrupted


def _tell_new(lines: Sequence[str], told: list[str]) -> None:
    from edgereg.cli.session import warn

    for line in lines[len(told) :]:
        warn(line)
        told.append(line)


def _tell_stuck(stuck: Mapping[tuple[str, str], float], told: set[tuple[str, str]]) -> None:
    from edgereg.cli.session import warn

    for (task, step), seconds in stuck.items():
        if (task, step) not in told:
            told.add((task, step))
            warn(
                f"task '{task}' has been at work in '{step}' for {seconds:.0f} s, and may never "
                "end; Ctrl-C ends the run, and edgereg --isolate PLUGIN ends only the task"
            )


def show_stats(stats: Stats) -> None:
    """Times of each stage."""
    rows = [
        (name, str(s.count), f"{s.p50_ms:.2f}", f"{s.p95_ms:.2f}", f"{s.p99_ms:.2f}")
        for name, s in stats.stages.items()
    ]
    show_table(("stage", "runs", "p50 ms", "p95 ms", "p99 ms"), rows)


def summary(stats: Stats) -> str:
    """One line on how many frames, how fast."""
    return (
        f"{stats.frames} frames in {stats.elapsed_s:.1f} s ({stats.mean_fps:.1f} frames/s), "
        f"{stats.dropped} dropped"
    )


@dataclass
class FirstFaults:
    """A sink that keeps the first fault of each task's step, so that it can be told at the end."""

    faults: dict[tuple[str, str], tuple[int, Fault]] = field(default_factory=dict)

    def write(self, result: FrameResult) -> None:
        """Keep what is new."""
        for fault in result.faults:
            self.faults.setdefault((fault.task, fault.step), (result.index, fault))

    def close(self) -> None:
        """Nothing to close."""


class _Advance:
    """Moves the progress bar to the number of frames written."""

    def __init__(self, frames: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} frames"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self.bar.add_task("running", total=frames)

    def __call__(self, stats: Stats) -> None:
        self.bar.update(
            self._task, completed=stats.frames, description=f"{stats.fps:5.1f} frames/s"
        )


def conclude(
    report: Report,
    interrupted: bool,
    faults: FirstFaults,
    places: Sequence[str],
    *,
    with_stats: bool,
    whose: Mapping[str, str] | None = None,
    debug: bool = False,
) -> int:
    """Show how a run ended; returns the exit code. Raises the error that ended it, if any.

    places: lines on outputs that are not where they were wanted, or not whole. whose: the plugin of
    each task that is not edgereg's own. debug: show where faults were raised.
    """
    from edgereg.cli.session import show_traceback, warn

    if with_stats:
        show_stats(report.stats)
    for line in (*report.warnings, *report.switched_off.values()):
        warn(line)
    for (task, step), (index, fault) in faults.faults.items():
        warn(f"task '{task}' failed in '{step}', first at frame {index}: {fault.reason}")
        if debug:
            show_traceback(fault.traceback)
    for task, count in report.faults.items():
        plugin = (whose or {}).get(task)
        fix = f"; it is of plugin '{plugin}': tell its author, or: edgereg --no-plugin {plugin}"
        warn(f"task '{task}' failed {count} times in all{fix if plugin else ''}")
    click.echo(summary(report.stats))
    if interrupted:
        click.echo("Interrupted; the outputs hold everything up to here.", err=True)
    for line in places:
        click.echo(line, err=True)
    if report.error is not None:
        raise report.error
    return int(interrupted or bool(report.switched_off))
