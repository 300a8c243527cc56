"""`edgereg run`: a source through tasks into outputs, without a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.choosing import choice_of, choosing, paced, pacing
from edgereg.cli.session import Session, pass_session
from edgereg.cli.signals import signals_ignored
from edgereg.cli.waiting import at_work
from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.assembly import Choice, Run
    from edgereg.cli.watching import FirstFaults


@click.command("run")
@click.argument("source", required=False)
@click.argument("outputs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE.yaml",
    help="Take source, tasks, settings and outputs from a file as of 'serve'; SOURCE is a name "
    "in it, where it has several.",
)
@choosing
@pacing
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
@click.option("--append", is_flag=True, help="Continue the tables that are there.")
@click.option(
    "--resume", is_flag=True, help="Go on with a folder of clips where the last run was stopped."
)
@click.option(
    "--blur",
    metavar="heads[:LOOK]",
    help="Cover every head in the pictures that are written; LOOK: blur (default), pixelate, box.",
)
@click.option(
    "--reload",
    is_flag=True,
    help="Run again whenever a file of a plugin changes, until Ctrl-C: for who writes one.",
)
@click.option("--show-stats", is_flag=True, help="Show the times of every stage.")
@pass_session
def command(
    session: Session, /, source: str | None, outputs: tuple[Path, ...], **options: Any
) -> int:
    """Run a source through tasks into files.

    SOURCE: a video file, an image, a folder or glob of images or of videos, a camera index, a URL,
    a GStreamer string, or - for standard input. OUTPUT, by its ending: .mp4, .mkv, .webm
    (annotated video), %06d.png, .jsonl, .csv, .parquet, .json (COCO), .txt (MOTChallenge), .pts
    (300-W).
    """
    if options["reload"]:
        from edgereg.cli.reloading import run_again

        return run_again([word for word in session.arguments if word != "--reload"], session.off)
    from edgereg.found_heads import frame_named, heads_as_prompts

    named = [frame_named(text) for text in options["boxes"]]
    drawn = [text for text, frame in zip(options["boxes"], named, strict=True) if frame is None]
    choice = _choice({**options, "boxes": drawn})
    if options["config"]:
        from edgereg.cli.configured import configured

        found = configured(options["config"], source, outputs, choice)
        source, outputs, choice = found.source, found.outputs, found.choice
    if source is None:
        raise click.UsageError("Missing argument 'SOURCE'.")
    session.tasks()
    for frame in named:
        if frame is not None:
            heads = heads_as_prompts(session.plugins, source, choice, frame)
            choice = replace(choice, prompts=(*choice.prompts, *heads))
    run_all = _on_workers if options["workers"] else _here
    return run_all(session, source, outputs, choice, options)


def _choice(options: dict[str, Any]) -> Choice:
    """What the options say of a run."""
    from edgereg.blurring import Blur

    blur = Blur.parse(options["blur"]) if options["blur"] else None
    return replace(paced(choice_of(options), options), blur=blur)


def _on_workers(
    session: Session,
    source: str,
    outputs: Sequence[Path],
    choice: Choice,
    options: Mapping[str, Any],
) -> int:
    """Spread the clips; returns the exit code."""
    from edgereg.cli.spreading import run_spread

    if choice.precision or choice.limit or choice.realtime or choice.blur or session.isolated:
        raise EdgeregError(
            "--workers takes none of --precision, --limit, --realtime, --blur and --isolate; "
            "leave it out"
        )
    return run_spread(
        session,
        source,
        outputs,
        choice,
        workers=options["workers"],
        slice_frames=options["slice"],
        append=options["append"],
        resume=options["resume"],
    )


def _here(
    session: Session,
    source: str,
    outputs: Sequence[Path],
    choice: Choice,
    options: Mapping[str, Any],
) -> int:
    """Run all passes in this process; returns the worst of their exit codes."""
    from edgereg.assembly import passes
    from edgereg.cli.watching import FirstFaults

    faults, code = FirstFaults(), 0
    append, resume = options["append"], options["resume"]
    runs = passes(
        session.plugins, source, outputs, choice, sinks=[faults], append=append, resume=resume
    )
    for run in _made(runs):
        ended, interrupted = _to_its_end(session, run, faults, with_stats=options["show_stats"])
        faults.faults.clear()
        code = max(code, ended)
        if interrupted:
            break
    return code


def _to_its_end(
    session: Session, run: Run, faults: FirstFaults, *, with_stats: bool
) -> tuple[int, bool]:
    """Run, finish the outputs, and tell how it went: the exit code, and whether it was interrupted.

    Raises what ended it.
    """
    from edgereg.cli.watching import conclude, watch

    info = run.source.info
    report, interrupted = watch(run.pipeline, info.frame_count, live=info.live)
    with signals_ignored():
        places = run.finish(interrupted=interrupted)
    code = conclude(
        report,
        interrupted,
        faults,
        places,
        with_stats=with_stats,
        whose=run.pipeline.guard.whose,
        debug=session.debug,
    )
    if run.veil is not None:
        click.echo(run.veil.summary())
    return code, interrupted


def _made(runs: Iterator[Run]) -> Iterator[Run]:
    """The runs, with a word to the user while the next one is made."""
    while True:
        with at_work("loading models; the first time an engine is tried or compiled takes longer"):
            run = next(runs, None)
        if run is None:
            return
        yield run
