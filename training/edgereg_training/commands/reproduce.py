"""`edgereg reproduce`: a table or figure of the papers, recomputed."""

from __future__ import annotations

from pathlib import Path

import click

from edgereg.core.shown import shown


@click.command("reproduce")
@click.argument("name", required=False)
@click.option("--quick", is_flag=True, help="Minutes instead of the form for the record.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Folder for NAME.md, NAME.json and NAME.png; NAME-FOLDER.md ... with --data FOLDER.",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False),
    help="MakeHuman asset folder for rendering; without it a stand-in head is rendered.",
)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Data of your own for "
              "the studies that take some: a recorded drive, annotated pictures.")  # fmt: skip
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where rendered data and finished cells are kept (default: the user's cache folder).",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def command(
    name: str | None,
    quick: bool,
    out: Path,
    assets: Path | None,
    data: Path | None,
    cache: Path | None,
    jobs: int,
) -> int:
    """Recompute the table or figure NAME; without NAME, list what there is.

    Stop with Ctrl-C and give the command again: it continues with what is not finished.
    """
    import platformdirs

    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.reproduce.study import STUDIES, run_study, study_of

    if name is None:
        from edgereg.cli.tables import show_table

        rows = [(s.name, s.title, s.paper, f"{s.quick:g}", f"{s.full:g}") for s in STUDIES.values()]
        head = ("name", "what", "paper", "core minutes, quick", "core minutes, full")
        show_table(head, rows, "Studies")
        return 0
    study = study_of(name)
    place = cache or Path(platformdirs.user_cache_path("edgereg")) / "reproduce"
    try:
        with progress_bar(f"reproduce {name}") as report:
            path = run_study(study, quick, out, (assets, data), place, jobs, report)
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        return 1
    click.echo(path.read_text(encoding="utf-8"))
    click.echo(f"Wrote {shown(path)}", err=True)
    return 0
