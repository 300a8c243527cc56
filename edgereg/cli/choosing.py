"""The options with which the commands that run tasks on a source are told how."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.assembly import Choice
    from edgereg.core.regions import Prompt
    from edgereg.sources.options import SourceOptions

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--task", "tasks", multiple=True, help="Task to run (repeatable; default headpose)."
    ),
    click.option(
        "--model",
        "models",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Model folder to use instead of a task's own (repeatable).",
    ),
    click.option(
        "--engine", default="auto", show_default=True, help="A name that 'engines' lists."
    ),
    click.option("--precision", type=click.Choice(["fp32", "fp16", "int8"]), help="Demand it."),
    click.option(
        "--size",
        metavar="NAME",
        default="default",
        show_default=True,
        help="Of the picture that a detector looks at: fast (large heads), default, far (small "
        "ones).",
    ),
    click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        metavar="SCORE",
        help="Least score of what a detector finds (default: its model's).",
    ),
    click.option(
        "--refine/--no-refine", default=True, help="Climb the predicted density (default)."
    ),
    click.option(
        "--steps", type=click.IntRange(0, 1000), help="Ascent steps (default: the model's)."
    ),
    click.option(
        "--threads", type=click.IntRange(1), help="CPU threads of a model (default: shared)."
    ),
    click.option(
        "--box",
        "boxes",
        multiple=True,
        metavar="X,Y,W,H[@FRAME]",
        help="A box to track, in pixels of a frame (repeatable; default: of the first frame); run "
        "takes heads[@FRAME], too: all heads that are found there.",
    ),
    click.option(
        "--camera",
        metavar="WxH@RATE,FORMAT",
        help="Ask a camera for a mode, such as 1280x720@30,MJPG; any part of it will do.",
    ),
    click.option(
        "--reconnect",
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="Give a stream up that stopped and stays away so long (default: never).",
    ),
    click.option(
        "--max-pixels",
        type=click.FloatRange(0, min_open=True),
        metavar="MILLIONS",
        help="Refuse larger pictures before they take memory (default: 128 million pixels).",
    ),
    click.option(
        "--detect-every",
        metavar="N|auto",
        default="1",
        show_default=True,
        help="Detect in every N-th frame and carry the boxes between; auto: to keep up.",
    ),
    click.option(
        "--smooth", is_flag=True, help="Steady the values over time; raw ones are kept too."
    ),
    click.option("--filter", "filters", multiple=True, help="A plugin's filter (repeatable)."),
    click.option(
        "--track/--no-track", default=True, help="Number people through the clip (default)."
    ),
    click.option(
        "--fov",
        type=click.FloatRange(1, 170),
        metavar="DEGREES",
        help="What frames show from left to right: corrects the pose of heads off the middle, and "
        "gives their place in m.",
    ),
)

PACE: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--every-frame/--realtime",
        default=None,
        help="Every frame in order (default for files), or the latest wins (for cameras).",
    ),
    click.option("--limit", type=click.IntRange(1), help="Stop after so many frames."),
)


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `choice_of` reads."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def pacing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `paced` reads."""
    for option in reversed(PACE):
        command = option(command)
    return command


def paced(choice: Choice, options: dict[str, Any]) -> Choice:
    """A choice with what the user said of pace and length, from the values of PACE."""
    from dataclasses import replace

    every = options["every_frame"]
    return replace(choice, realtime=None if every is None else not every, limit=options["limit"])


def choice_of(options: dict[str, Any]) -> Choice:
    """What the user chose, from the values of OPTIONS. Raises EdgeregError."""
    from edgereg.assembly import Choice

    return Choice(
        tasks=options["tasks"],
        models=tuple(folder.resolve() for folder in options["models"]),
        engine=options["engine"],
        precision=options["precision"],
        threads=options["threads"],
        size=options["size"],
        threshold=options["threshold"],
        refine=options["refine"],
        steps=options["steps"],
        prompts=tuple(parse_box(text) for text in options["boxes"]),
        track=options["track"],
        detect_every=interval(options["detect_every"]),
        fov=options["fov"],
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


def interval(text: str) -> int | Literal["auto"]:
    """Every how-manieth frame is detected in. Raises EdgeregError."""
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
