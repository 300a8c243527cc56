"""`edgereg run` on many clips: slices on workers, their results merged into the same outputs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgereg.cli.session import Session, warn
from edgereg.core.errors import SinkError, SourceError

if TYPE_CHECKING:
    from edgereg.assembly import Choice
    from edgereg.core.result import FrameResult
    from edgereg.sources.clips import Clips
    from edgereg.spread.slices import Done, Slice


def run_spread(
    session: Session,
    source: str,
    outputs: Sequence[Path],
    choice: Choice,
    *,
    workers: str,
    slice_frames: int,
    append: bool = False,
    resume: bool = False,
) -> int:
    """Run a file, or a folder or glob of files, on workers; returns the exit code.

    workers: as `--workers` takes it. slice_frames: of a clip that a worker takes at a time; where
    a task remembers its clip, a worker takes the whole of it. append: to the tables that are there.
    resume: after the last clip that is done in them.
    Raises SourceError where there is no clip, SinkError where an output wants pictures.
    """
    from edgereg.assembly import check_places, clips_table, load, stopped_at, wants_pictures
    from edgereg.core.tasks import is_step_task
    from edgereg.pipeline.following import Follower
    from edgereg.pipeline.sequential import close_all
    from edgereg.plugins import read_disabled
    from edgereg.sinks.base import RunInfo
    from edgereg.sinks.outputs import open_outputs, settle
    from edgereg.sources.clips import Clips, clips_of
    from edgereg.spread.on_ray import Tally, check_workers, run_on_ray
    from edgereg.spread.slices import Job, Slice, slices_of

    check_workers(workers)
    check_places(session.plugins, source, outputs, append=append or resume)
    if wants_pictures(session.plugins, outputs):
        raise SinkError("workers send no pictures: write the annotated video without --workers")
    clips = Clips(clips_of(source) or _one_file(source), source, choice.source)
    info = clips.info
    for line in clips.warnings:
        warn(line)
    stopped = stopped_at(session.plugins, clips, outputs) if resume else None
    tasks = load(session.plugins, choice)
    whole = any(
        is_step_task(each.task) or (choice.track and Follower.can_follow(each.kinds))
        for each in tasks
    )
    parts = [
        part
        for clip in clips.waiting
        for part in ([Slice(clip)] if whole else slices_of(clip, slice_frames, choice.source))
    ]
    without = tuple(sorted(read_disabled() | set(session.without)))
    job = Job(replace(choice, threads=choice.threads or 1), without)
    tally = Tally()
    start, frames = time.perf_counter(), 0
    run = RunInfo(info, {each.name: each.kinds for each in tasks})
    sinks = open_outputs(outputs, run, session.plugins.sinks(), append=append, resume=stopped)
    table = clips_table(clips, sinks, stopped)
    error: Exception | None = None
    ended = False
    try:
        for result in _merged(run_on_ray(job, parts, workers, tally), clips):
            frames += 1
            for sink in (*sinks, *([table] if table else ())):
                sink.write(result)
        ended = True
    finally:
        error = close_all([*sinks, *([table] if table else ())], error)
        if ended and error is None and table is not None:
            table.complete()
        for line in settle(sinks, whole=ended and error is None):
            click.echo(line, err=True)
    if error is not None:
        raise error
    for line in (*tally.retried, *tally.given_up):
        warn(line)
    took = time.perf_counter() - start
    click.echo(
        f"{frames} frames of {len(clips.timeline.placed)} clips in {took:.1f} s "
        f"({frames / took:.1f} frames/s), {len(tally.retried)} slices started again, "
        f"{len(tally.given_up)} given up"
    )
    return int(bool(tally.given_up))


def _one_file(source: str) -> list[Path]:
    path = Path(source)
    if not path.is_file():
        raise SourceError(f"{source}: workers take video files: name one, a folder or a glob")
    return [path]


def _merged(found: Iterator[tuple[Slice, Done | None]], clips: Clips) -> Iterator[FrameResult]:
    """All results in order, on one line of time."""
    from edgereg.spread.slices import with_size

    clip: Path | None = None
    numbers = {path: number for number, path in enumerate(clips.info.files)}
    told: set[str] = set()
    for part, done in found:
        if done is None:
            continue
        if part.clip != clip:
            clip = part.clip
            clips.timeline.begin(clip)
        for line in (*done.warnings, *done.switched_off):
            if line not in told:
                warn(line)
            told.add(line)
        for result in done.results:
            index, time_s = clips.timeline.place(result.index, result.time_s, done.fps)
            yield replace(with_size(result), index=index, time_s=time_s, clip=numbers[part.clip])
