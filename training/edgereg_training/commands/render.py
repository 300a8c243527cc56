"""`edgereg render heads|scenes|roads|rooms|activities|tracking`: data sets with exact labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edgereg.core.shown import shown

Common = Callable[[Callable[..., Any]], Callable[..., Any]]


@click.group("render")
def command() -> None:
    """Render data sets with exact labels; a data set that was begun is completed."""


def _common(count: int) -> Common:
    """The options that heads and scenes share."""
    options = (
        click.argument("out", type=click.Path(path_type=Path, file_okay=False)),
        click.option("--count", type=click.IntRange(1), default=count, show_default=True),
        click.option(
            "--split", type=click.Choice(["train", "val", "test"]), default="train",
            show_default=True, help="Whose identities: the three are disjoint.",
        ),
        click.option("--identities", type=click.IntRange(3), default=500, show_default=True,
                     help="People in all splits together."),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--assets", type=click.Path(path_type=Path, file_okay=False),
            help="MakeHuman asset folder; without it a small stand-in head is rendered.",
        ),
        click.option(
            "--photographs", type=click.Path(path_type=Path, file_okay=False),
            help="Folder of photographed skins, hair, face units and places (docs/training.md); "
            "with it three in four people and most scenes use them.",
        ),
    )  # fmt: skip

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@command.command("heads")
@_common(count=20000)
@click.option("--size", type=click.IntRange(16, 1024), default=96, show_default=True,
              help="Side of the pictures, px.")  # fmt: skip
@click.option("--distribution", default="uniform", show_default=True,
              help="Of the poses: uniform, uniform-wide, biwi, s2g or ssv.")  # fmt: skip
@click.option("--fill", type=(float, float), default=(0.58, 0.82), show_default=True,
              help="Range of the head's size over the picture's.")  # fmt: skip
def heads(out: Path, **options: Any) -> None:
    """Single heads with pose, landmarks, box and age into the folder OUT."""
    from edgereg_training.render.shards import HeadShardOptions, write_head_shards

    _write("render heads", HeadShardOptions, write_head_shards, out, options)


@command.command("scenes")
@_common(count=4000)
@click.option("--width", type=click.IntRange(32, 2048), default=256, show_default=True)
@click.option("--height", type=click.IntRange(32, 2048), default=256, show_default=True)
@click.option("--heads", type=click.IntRange(1, 20), default=8, show_default=True,
              help="Most heads in a scene.")  # fmt: skip
def scenes(out: Path, **options: Any) -> None:
    """Whole scenes of 0 to 8 heads with boxes and poses into the folder OUT."""
    from edgereg_training.render.shards import SceneShardOptions, write_scene_shards

    _write("render scenes", SceneShardOptions, write_scene_shards, out, options)


@command.command("roads")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(1), default=8000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--width", type=click.IntRange(32, 640), default=160, show_default=True)
@click.option("--height", type=click.IntRange(24, 480), default=120, show_default=True)
def roads(out: Path, count: int, seed: int, width: int, height: int) -> None:
    """Roads and tracks of tape and cones with the steering that keeps the lane, as a donkeycar tub
    in the folder OUT."""
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.driving.roads import write_roads

    with progress_bar("render roads") as report:
        write_roads(out, count, seed, height, width, lambda done, n: report(done, n, ""))
    click.echo(f"{count} pictures in {shown(out)}")


@command.command("rooms")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(2), default=3000, show_default=True)
@click.option("--test", type=click.IntRange(0), default=200, show_default=True,
              help="Other rooms, for the test list.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--width", type=click.IntRange(32, 640), default=160, show_default=True)
@click.option("--height", type=click.IntRange(24, 480), default=120, show_default=True)
def rooms(out: Path, count: int, test: int, seed: int, width: int, height: int) -> None:
    """Furnished rooms, now and then with people, and the depth of every pixel, in the layout of
    NYUD2-DIR in the folder OUT."""
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.depth.rooms import write_rooms

    with progress_bar("render rooms") as report:
        write_rooms(out, count, test, seed, height, width, lambda done, n: report(done, n, ""))
    click.echo(f"{count + test} pictures in {shown(out)}")


@command.command("activities")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(1), default=520, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--width", type=click.IntRange(32, 640), default=128, show_default=True)
@click.option("--height", type=click.IntRange(24, 480), default=96, show_default=True)
def activities(out: Path, count: int, seed: int, width: int, height: int) -> None:
    """Clips of activities of several steps, at many speeds, in the layout of Breakfast in the
    folder OUT."""
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.progress.activities import write_activities

    with progress_bar("render activities") as report:
        write_activities(out, count, seed, height, width, lambda done, n: report(done, n, ""))
    click.echo(f"{count} clips in {shown(out)}")


@command.command("tracking")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--photographs", multiple=True, type=click.Path(path_type=Path, exists=True),
              help="Folder of photographs to cut objects from, and to move them over; may be given "
              "several times. Without one, backgrounds and objects are drawn.")  # fmt: skip
@click.option("--portraits", multiple=True, type=click.Path(path_type=Path, exists=True),
              help="Folder of people before a plain wall, named PERSON_... .")  # fmt: skip
@click.option("--sequences", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--frames", type=click.IntRange(1), default=4, show_default=True)
@click.option("--stride", type=click.IntRange(1), default=17, show_default=True,
              help="Frames of time between those that are written.")  # fmt: skip
@click.option("--width", type=click.IntRange(64, 4096), default=480, show_default=True)
@click.option("--height", type=click.IntRange(64, 4096), default=270, show_default=True)
@click.option("--sprites", type=click.IntRange(1), default=1000, show_default=True,
              help="Objects that are cut beforehand.")  # fmt: skip
@click.option("--split", type=click.Choice(["train", "val"]), default="train", show_default=True,
              help="Whose photographs and people: the two are disjoint.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def tracking(out: Path, **options: Any) -> None:
    """Sequences of moving objects into the folder OUT, in the layout of GOT-10k."""
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.tracking.rendered import MotionOptions, write_sequences

    with progress_bar("render tracking") as report:
        write_sequences(MotionOptions(out, **options), lambda done, total: report(done, total, ""))
    click.echo(f"{options['sequences']} sequences in {shown(out)}")


def _write(
    title: str,
    make_options: Callable[..., Any],
    write: Callable[..., Path],
    out: Path,
    options: dict[str, Any],
) -> None:
    from edgereg_training.commands.progress import progress_bar

    if options["assets"] is None:
        click.echo("No --assets folder: rendering the stand-in head.", err=True)
    try:
        chosen = make_options(out=out, **options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with progress_bar(title) as report:
        write(chosen, lambda done, total: report(done, total, ""))
    click.echo(f"{chosen.count} pictures in {shown(out)}")
