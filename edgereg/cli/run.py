"""`edgereg run`: a source through tasks into outputs, without a window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.signals import signals_ignored
from edgereg.cli.waiting import at_work
from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.assembly import Choice, Run
    from edgereg.core.regions import Prompt
    from edgereg.sources.options import SourceOptions


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
    "--size",
    metavar="NAME",
    default="default",
    show_default=True,
    help="Of the picture that a detector looks at: fast (large heads), default, far (small ones).",
)
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
@click.option(
    "--box",
    "boxes",
    multiple=True,
    metavar="X,Y,W,H[@FRAME]",
    help="A box to track, in pixels of a frame (repeatable; default: of the first frame).",
)
@click.option("--append", is_flag=True, help="Continue the tables that are there.")
@click.option(
    "--resume", is_flag=True, help="Go on with a folder of clips where the last run was stopped."
)
@click.option(
    "--camera",
    metavar="WxH@RATE,FORMAT",
    help="Ask a camera for a mode, such as 1280x720@30,MJPG; any part of it will do.",
)
@click.option(
    "--reconnect",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Give a stream up that stopped and stays away so long (default: never).",
)
@click.option(
    "--max-pixels",
    type=click.FloatRange(0, min_open=True),
    metavar="MILLIONS",
    help="Refuse larger pictures before they take memory (default: 128 million pixels).",
)
@click.option(
    "--detect-every",
    metavar="N|auto",
    default="1",
    show_default=True,
    help="Detect in every N-th frame and carry the boxes between; auto: to keep up.",
)
@click.option("--smooth", is_flag=True, help="Steady the values over time; raw ones are kept too.")
@click.option("--filter", "filters", multiple=True, help="A plugin's filter (repeatable).")
@click.option(
    "--blur",
    metavar="heads[:LOOK]",
    help="Cover every head in the pictures that are written; LOOK: blur (default), pixelate, box.",
)
@click.option("--track/--no-track", default=True, help="Number people through the clip (default).")
@click.option(
    "--fov",
    type=click.FloatRange(1, 170),
    metavar="DEGREES",
    help="What frames show from left to right: corrects the pose of heads off the middle, and "
    "gives their place in m.",
)
@click.option(
    "--reload",
    is_flag=True,
    help="Run again whenever a file of a plugin changes, until Ctrl-C: for who writes one.",
)
@click.option("--show-stats", is_flag=True, help="Show the times of every stage.")
@pass_session
def command(session: Session, /, source: str, outputs: tuple[Path, ...], **options: Any) -> int:
    """Run a source through tasks into files.

    SOURCE: a video file, an image, a folder or glob of images or of videos, a camera index, a URL,
    a GStreamer string, or - for standard input. OUTPUT, by its ending: .mp4, .mkv, .webm
    (annotated video), %06d.png, .jsonl, .csv, .parquet, .json (COCO), .txt (MOTChallenge), .pts
    (300-W).
    """
    from edgereg.assembly import passes
    from edgereg.cli.watching import FirstFaults, conclude, watch

    if options["reload"]:
        from edgereg.cli.reloading import run_again

        return run_again([word for word in session.arguments if word != "--reload"], session.off)
    choice = _choice(options)
    session.tasks()
    if options["workers"]:
        from edgereg.cli.spreading import run_spread

        if choice.precision or choice.limit or choice.realtime or choice.blur or session.isolated:
            raise EdgeregError(
                "--workers takes none of --precision, --limit, --realtime, --blur and --isolate; "
                "leave it out"
            )
        workers, frames = options["workers"], options["slice"]
        append, resume = options["append"], options["resume"]
        return run_spread(
            session,
            source,
            outputs,
            choice,
            workers=workers,
            slice_frames=frames,
            append=append,
            resume=resume,
        )
    faults, code = FirstFaults(), 0
    runs = passes(
        session.plugins,
        source,
        outputs,
        choice,
        sinks=[faults],
        append=options["append"],
        resume=options["resume"],
    )
    for run in _made(runs):
        info = run.source.info
        report, interrupted = watch(run.pipeline, info.frame_count, live=info.live)
        with signals_ignored():
            places = run.finish(interrupted=interrupted)
        ended = conclude(
            report,
            interrupted,
            faults,
            places,
            with_stats=options["show_stats"],
            whose=run.pipeline.guard.whose,
            debug=session.debug,
        )
        faults, code = FirstFaults(), max(code, ended)
        if run.veil is not None:
            click.echo(run.veil.summary())
        if interrupted:
            break
    return code


def _made(runs: Iterator[Run]) -> Iterator[Run]:
    """The runs, with a word to the user while the next one is made."""
    while True:
        with at_work("loading models; the first time an engine is tried or compiled takes longer"):
            run = next(runs, None)
        if run is None:
            return
        yield run


def _choice(options: dict[str, Any]) -> Choice:
    from edgereg.assembly import Choice
    from edgereg.blurring import Blur

    return Choice(
        tasks=options["tasks"],
        models=tuple(folder.resolve() for folder in options["models"]),
        engine=options["engine"],
        precision=options["precision"],
        threads=options["threads"],
        size=options["size"],
        realtime=None if options["every_frame"] is None else not options["every_frame"],
        limit=options["limit"],
        refine=options["refine"],
        steps=options["steps"],
        prompts=tuple(parse_box(text) for text in options["boxes"]),
        track=options["track"],
        detect_every=_interval(options["detect_every"]),
        fov=options["fov"],
        blur=Blur.parse(options["blur"]) if options["blur"] else None,
        filters=(*(["smooth"] if options["smooth"] else []), *options["filters"]),
        source=_source_options(options),
    )


def _source_options(options: dict[str, Any]) -> SourceOptions:
    from edgereg.sources.options import MAX_PIXELS, SourceOptions, camera_mode

    millions = options["max_pixels"]
    return SourceOptions(
        reconnect_s=options["reconnect"],
        camera=camera_mode(options["camera"]) if options["camera"] else None,
        max_pixels=MAX_PIXELS if millions is None else int(millions * 1e6),
    )


def _interval(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise EdgeregError(f"--detect-every {text}: write a number from 1 to 100, or auto")
    return int(text)


def parse_box(text: str) -> Prompt:
    """`X,Y,W,H` or `X,Y,W,H@FRAME` as a prompt. Raises EdgeregError for anything else."""
    from edgereg.core.regions import Prompt

    number = r"(-?\d+(?:\.\d+)?)"
    match = re.fullmatch(rf"{number},{number},{number},{number}(?:@(\d+))?", text.replace(" ", ""))
    if match is None:
        raise EdgeregError(f"--box {text}: write X,Y,W,H or X,Y,W,H@FRAME, such as 120,80,60,90@0")
    x, y, width, height = map(float, match.groups()[:4])
    if width <= 0 or height <= 0:
        raise EdgeregError(f"--box {text}: width and height must be above 0")
    return Prompt((x, y, x + width, y + height), int(match.group(5) or 0))
