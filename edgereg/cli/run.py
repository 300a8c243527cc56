"""`edgereg run`: a source through tasks into outputs, without a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.waiting import at_work
from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.pipeline.loading import LoadedTask
    from edgereg.sinks.base import Sink
    from edgereg.sources.base import Source

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
@click.option("--threads", type=click.IntRange(1), help="CPU threads of a model (default: shared).")
@click.option(
    "--workers",
    metavar="ray[:ADDRESS]",
    help="Spread clips over Ray's workers: ray, ray:4 (so many here), ray:HOST:PORT.",
)
@click.option(
    "--slice",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Frames of a clip that a worker takes at a time.",
)
@click.option("--show-stats", is_flag=True, help="Show the times of every stage.")
@pass_session
def command(session: Session, /, source: str, outputs: tuple[Path, ...], **options: Any) -> int:
    """Run a source through tasks into files.

    SOURCE: a video file, an image, a folder or glob of images or of videos, a camera index, a URL
    or a GStreamer string. OUTPUT, by its ending: .mp4 (annotated video), .jsonl, .csv, .parquet,
    .json (COCO), .txt (MOTChallenge), .pts (300-W).
    """
    from edgereg.cli.model_choice import check_precision, models_of
    from edgereg.opening import check_outputs, open_sinks, source_of, want_pictures
    from edgereg.pipeline.loading import load_tasks

    check_outputs(source, outputs)
    models = models_of(options["models"])
    wanted = options["tasks"] or tuple(models) or DEFAULT_TASKS
    if options["workers"]:
        return _spread(session, source, outputs, (wanted, models), options)
    with at_work("loading models; the first time an engine is tried or compiled takes longer"):
        loaded = load_tasks(
            session.tasks().values(),
            wanted,
            models,
            provider=options["engine"],
            threads=options["threads"],
            loaders=session.plugins.engines(),
        )
    if options["precision"]:
        check_precision(loaded, options["precision"])
    opened = source_of(
        session.plugins, source, realtime=options["every_frame"] is False, limit=options["limit"]
    )
    try:
        sinks = open_sinks(session.plugins, outputs, opened.info)
    except Exception:
        opened.close()
        raise
    code = _run(opened, loaded, sinks, want_pictures(session.plugins, outputs), options)
    _tell_clips(opened, outputs)
    return code


def _tell_clips(source: Source, outputs: Sequence[Path]) -> None:
    """Where many clips were run, say beside the first output which frames are of which."""
    from edgereg.opening import FirstFrames
    from edgereg.sources.clips import Clips, write_places

    source = source.source if isinstance(source, FirstFrames) else source
    if isinstance(source, Clips) and outputs:
        write_places(outputs[0], source.timeline.placed)


def _spread(
    session: Session,
    source: str,
    outputs: tuple[Path, ...],
    chosen: tuple[Sequence[str], Mapping[str, Path]],
    options: dict[str, Any],
) -> int:
    from edgereg.cli.spreading import run_spread
    from edgereg.plugins import read_disabled
    from edgereg.spread.slices import Job

    if options["precision"] or options["limit"] or options["every_frame"] is False:
        raise EdgeregError("--workers takes neither --precision, --limit nor --realtime; leave out")
    wanted, models = chosen
    job = Job(
        tuple(wanted),
        tuple((task, folder.resolve()) for task, folder in models.items()),
        options["engine"],
        options["threads"] or 1,
        options["refine"],
        options["steps"],
        tuple(sorted(read_disabled() | set(session.without))),
    )
    return run_spread(session, source, outputs, job, options)


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
