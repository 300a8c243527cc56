"""The plain loop: every step of a frame, then the next frame. The same steps as in stages."""

from __future__ import annotations

from collections.abc import Sequence

from edgereg.core.errors import EdgeregError
from edgereg.core.settings import Settings
from edgereg.pipeline.guard import Guard
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.memo import Memo
from edgereg.pipeline.stats import Meter, Report
from edgereg.pipeline.steps import Painter, Recogniser, Work, plan
from edgereg.sinks.base import Sink
from edgereg.sources.base import Source


def run_sequential(
    source: Source,
    tasks: Sequence[LoadedTask],
    sinks: Sequence[Sink] = (),
    *,
    painter: Painter | None = None,
    settings: Settings | None = None,
    guard: Guard | None = None,
    recognise: Recogniser | None = None,
    memo: Memo | None = None,
) -> Report:
    """Run every frame in order in this thread; source and sinks are closed at the end.

    recognise, memo: as of `StagedPipeline`. A source or sink that fails ends the run; the report's
    `error` says why.
    """
    guard = guard or Guard()
    steps = plan(tasks, settings or Settings(), guard, painter, recognise, memo)
    meter = Meter(("decode", *(step.name for step in steps), "write"))
    error: Exception | None = None
    frames = source.frames()
    try:
        while True:
            with meter.time("decode"):
                frame = next(frames, None)
                if frame is None:
                    break
                frame.develop()
            work = Work(frame)
            for step in steps:
                with meter.time(step.name):
                    step.run(work)
            with meter.time("write"):
                for sink in sinks:
                    sink.write(work.result())
            meter.frame_done()
    except EdgeregError as failure:
        error = failure
    finally:
        source.close()
        error = close_all(sinks, error)
    stats = meter.stats()
    return Report(stats, guard.counts, guard.switched_off, tuple(source.warnings), error)


def close_all(sinks: Sequence[Sink], error: Exception | None) -> Exception | None:
    """Close every sink, whatever happens to the others; the first error wins."""
    for sink in sinks:
        try:
            sink.close()
        except Exception as failure:  # a plugin's sink may raise anything
            error = error or failure
    return error
