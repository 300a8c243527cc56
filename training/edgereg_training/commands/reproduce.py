"""`edgereg reproduce`: a table or figure of the papers, recomputed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgereg_training.commands.progress import Report
    from edgereg_training.reproduce.study import Study


@click.command("reproduce")
@click.argument("name", required=False)
@click.option("--quick", is_flag=True, help="Minutes instead of the form for the record.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder for NAME.md, NAME.json and NAME.png.",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False),
    help="MakeHuman asset folder for rendering; without it a stand-in head is rendered.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where rendered data and finished cells are kept (default: the user's cache folder).",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def command(
    name: str | None, quick: bool, out: Path, assets: Path | None, cache: Path | None, jobs: int
) -> int:
    """Recompute the table or figure NAME; without NAME, list what there is.

    Stop with Ctrl-C and give the command again: it goes on with what is not finished.
    """
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.render.errors import RenderError
    from edgereg_training.reproduce.study import study_of

    if name is None:
        _list()
        return 0
    study = study_of(name)
    place = cache or _user_cache()
    try:
        with progress_bar(f"reproduce {name}") as report:
            path = _run(study, quick, out, assets, place, jobs, report)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        return 1
    except RenderError as error:
        raise click.ClickException(str(error)) from error
    click.echo(path.read_text(encoding="utf-8"))
    click.echo(f"Wrote {path}", err=True)
    return 0


def _run(
    study: Study, quick: bool, out: Path, assets: Path | None, place: Path, jobs: int,
    report: Report,
) -> Path:  # fmt: skip
    import torch

    from edgereg_training.reproduce.cells import Cells
    from edgereg_training.reproduce.context import Context
    from edgereg_training.reproduce.report import write_report
    from edgereg_training.reproduce.study import run_of

    torch.set_num_threads(1)
    context = Context(
        quick, Cells(place / "cells" / study.name), place / "rendered", assets, jobs, report
    )
    done = run_of(study)(context)
    form = " --quick" if quick else ""
    return write_report(
        done, f"{study.title} ({study.paper})", f"edgereg reproduce {study.name}{form}", out,
        study.name,
    )  # fmt: skip


def _list() -> None:
    from edgereg.cli.tables import show_table
    from edgereg_training.reproduce.study import STUDIES

    rows = [(s.name, s.title, s.paper, f"{s.quick:g}", f"{s.full:g}") for s in STUDIES.values()]
    show_table(
        ("name", "what", "paper", "core minutes, quick", "core minutes, full"), rows, "Studies"
    )


def _user_cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_path("edgereg")) / "reproduce"
