"""`edgereg run` on many clips: slices on workers, their results merged into the same outputs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from edgereg.assembly import (
    Choice,
    check_places,
    clips_table,
    load,
    run_info,
    stopped_at,
    wants_pictures,
)
from edgereg.cli.session import Session, warn
from edgereg.core.errors import SinkError, SourceError
from edgereg.core.result import FrameResult
from edgereg.core.tasks import is_step_task
from edgereg.pipeline.following import Follower
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.sequential import close_all
from edgereg.plugins import read_disabled
from edgereg.sinks.clips_table import ClipsTable
from edgereg.sinks.outputs import Output, open_outputs, settle
from edgereg.sources.clips import Clips, clips_of
from edgereg.spread.on_ray import Tally, check_workers, run_on_ray
from edgereg.spread.slices import Done, Job, Slice, slices_of, with_size


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
    check_workers(workers)
    check_places(session.plugins, source, outputs, append=append or resume)
    if wants_pictures(session.plugins, outputs):
        raise SinkError("workers send no pictures: write the annotated video without --workers")
    clips = Clips(clips_of(source) or _one_file(source), source, choice.source)
    for line in clips.warnings:
        warn(line)
    stopped = stopped_at(session.plugins, clips, outputs) if resume else None
    tasks = load(session.plugins, choice)
    parts = _parts(clips, choice, None if _remember(tasks, choice) else slice_frames)
    without = tuple(sorted(read_disabled() | set(session.without)))
    job = Job(replace(choice, threads=choice.threads or 1), without)
    tally, start = Tally(), time.perf_counter()
    info, formats = run_info(clips, tasks), session.plugins.sinks()
    sinks = open_outputs(outputs, info, formats, append=append, resume=stopped)
    results = _merged(run_on_ray(job, parts, workers, tally), clips)
    frames = _write(results, sinks, clips_table(clips, sinks, stopped))
    for line in (*tally.retried, *tally.given_up):
        warn(line)
    took = time.perf_counter() - start
    click.echo(
        f"{frames} frames of {len(clips.timeline.placed)} clips in {took:.1f} s "
        f"({frames / took:.1f} frames/s), {len(tally.retried)} slices started again, "
        f"{len(tally.given_up)} given up"
    )
    return int(bool(tally.given_up))


def _remember(tasks: Sequence[LoadedTask], choice: Choice) -> bool:
    """Whether what is found in a frame depends on the frames before it."""
    return any(
        is_step_task(each.task) or (choice.track and Follower.can_follow(each.kinds))
        for each in tasks
    )


def _parts(clips: Clips, choice: Choice, frames: int | None) -> list[Slice]:
    """All clips that are not done, in slices of so many frames; None: whole."""
    return [
        part
        for clip in clips.waiting
        for part in ([Slice(clip)] if frames is None else slices_of(clip, frames, choice.source))
    ]


def _write(
    results: Iterable[FrameResult], outputs: Sequence[Output], table: ClipsTable | None
) -> int:
    """Write all results and put the outputs in their places; returns how many frames there were.

    Raises what ended the run, or the first error of an output that can't be closed.
    """
    sinks = [*outputs, *([table] if table else ())]
    frames, ended = 0, False
    try:
        for result in results:
            frames += 1
            for sink in sinks:
                sink.write(result)
        ended = True
    finally:
        error = close_all(sinks, None)
        whole = ended and error is None
        if whole and table is not None:
            table.complete()
        for line in settle(outputs, whole=whole):
            click.echo(line, err=True)
    if error is not None:
        raise error
    return frames


def _one_file(source: str) -> list[Path]:
    path = Path(source)
    if not path.is_file():
        raise SourceError(f"{source}: workers take video files: name one, a folder or a glob")
    return [path]


def _merged(found: Iterator[tuple[Slice, Done | None]], clips: Clips) -> Iterator[FrameResult]:
    """All results in order, on one line of time."""
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
