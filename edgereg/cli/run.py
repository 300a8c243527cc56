"""`edgereg run`: a source through tasks into outputs, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.session import Session, pass_session

if TYPE_CHECKING:
    from edgereg.pipeline.loading import LoadedTask
    from edgereg.sinks.base import Sink
    from edgereg.sources.base import Source, SourceInfo

DEFAULT_TASKS = ("headpose",)


@click.command("run")
@click.argument("source")
@click.argument("outputs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--task", "tasks", multiple=True, help="Task to run (repeatable; default headpose).")
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Model folder to use instead of a task's own (repeatable).",
)
@click.option("--engine", default="auto", show_default=True, help="A name that 'engines' lists.")
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8"]), help="Demand it.")
@click.option(
    "--every-frame/--realtime",
    default=None,
    help="Every frame in order (default for files), or the latest wins (for cameras).",
)
@click.option("--refine/--no-refine", default=True, help="Climb the predicted density (default).")
@click.option("--steps", type=click.IntRange(0, 1000), help="Ascent steps (default: the model's).")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many frames.")
@click.option("--show-stats", is_flag=True, help="Show the times of every stage.")
@pass_session
def command(session: Session, /, source: str, outputs: tuple[Path, ...], **options: Any) -> int:
    """Run a source through tasks into files.

    SOURCE: a video file, an image, a folder or glob of images, a camera index, a URL or a
    GStreamer string. OUTPUT, by its ending: .mp4 (annotated video), .jsonl, .csv, .parquet,
    .json (COCO), .txt (MOTChallenge), .pts (300-W).
    """
    from edgereg.cli.opening import (
        check_outputs,
        check_precision,
        models_of,
        source_of,
        want_pictures,
    )
    from edgereg.pipeline.loading import load_tasks

    check_outputs(source, outputs)
    models = models_of(options["models"])
    wanted = options["tasks"] or tuple(models) or DEFAULT_TASKS
    loaded = load_tasks(
        session.tasks().values(),
        wanted,
        models,
        provider=options["engine"],
        loaders=session.plugins.engines(),
    )
    if options["precision"]:
        check_precision(loaded, options["precision"])
    opened = source_of(
        session.plugins, source, realtime=options["every_frame"] is False, limit=options["limit"]
    )
    try:
        sinks = _open_sinks(session, outputs, opened.info)
    except Exception:
        opened.close()
        raise
    return _run(opened, loaded, sinks, want_pictures(session.plugins, outputs), options)


def _open_sinks(session: Session, outputs: Sequence[Path], info: SourceInfo) -> list[Sink]:
    from edgereg.cli.opening import sink_of

    sinks: list[Sink] = []
    try:
        for output in outputs:
            sinks.append(sink_of(session.plugins, output, info))
    except Exception:
        for sink in sinks:
            sink.close()
        raise
    return sinks


def _run(
    source: Source,
    loaded: Sequence[LoadedTask],
    sinks: Sequence[Sink],
    painted: bool,
    options: dict[str, Any],
) -> int:
    from edgereg.cli.watching import FirstFaults, conclude, watch
    from edgereg.paint.opencv import paint
    from edgereg.pipeline.staged import StagedPipeline
    from edgereg.pipeline.steps import Settings

    live = source.info.live if options["every_frame"] is None else not options["every_frame"]
    faults = FirstFaults()
    pipeline = StagedPipeline(
        source,
        loaded,
        [*sinks, faults],
        painter=paint if painted else None,
        mode="latest" if live else "every",
        settings=Settings(refine=options["refine"], steps=options["steps"]),
    )
    report, interrupted = watch(pipeline, source.info.frame_count)
    return conclude(report, interrupted, faults, with_stats=options["show_stats"])
