"""`edgereg data check FOLDER` and `edgereg data list`: the field's data sets and one's own."""

from __future__ import annotations

from pathlib import Path

import click

from edgereg.core.shown import shown


@click.group("data")
def command() -> None:
    """Look at data sets before training on them."""


@command.command("list")
def list_sets() -> None:
    """The data sets that can be read, and what their folders must hold."""
    from edgereg.cli.tables import show_table
    from edgereg_training.data.check import dataset_of
    from edgereg_training.registry import registered

    sets = [dataset_of(name) for name in sorted(registered("datasets"))]
    rows = [
        (found.name, ", ".join(found.labels) or "any", ", ".join(found.splits), found.layout)
        for found in sets
    ]
    show_table(("set", "labels", "splits", "expects"), rows, "Data sets")


@command.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--set", "name", help="Take FOLDER for this set instead of looking which it is.")
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("contact-sheet.png"),
    show_default=True,
    help="Where to draw pictures of it with their labels.",
)
def check(folder: Path, name: str | None, sheet: Path) -> int:
    """Say which data set FOLDER is (or a CSV file), how many samples it holds and what is missing,
    and draw some of them with their labels. Fails where a picture is missing."""
    import cv2

    from edgereg.cli.tables import show_table
    from edgereg_training.data.check import contact_sheet, dataset_of, recognised, report
    from edgereg_training.data.dataset import samples_of

    dataset = recognised(folder) if name is None else dataset_of(name)
    found = report(dataset, folder)
    rows = [
        (s.split, str(s.samples), str(s.missing), _counts(s.subsets), _ranges(s.ranges))
        for s in found.splits
    ]
    notes = f"; {dataset.notes}" if dataset.notes else ""
    click.echo(f"{shown(folder)} is {dataset.title} ({dataset.name}){notes}.")
    show_table(
        ("split", "samples", "missing", "subsets", "labels: least, mean, most"), rows, dataset.name
    )
    for problem in found.problems:
        click.echo(problem, err=True)
    for split in found.splits:
        if split.first_missing is not None:
            click.echo(f"{split.split}: missing is, for example, {split.first_missing}", err=True)
    if not found.splits:
        return 1
    picture = contact_sheet(samples_of(dataset, folder, found.splits[0].split))
    done, data = cv2.imencode(".png", picture[:, :, ::-1])
    if done:
        sheet.write_bytes(data.tobytes())
        click.echo(f"Drawn: {sheet}")
    return 1 if any(split.missing for split in found.splits) else 0


def _counts(subsets: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in subsets.items())


def _ranges(ranges: dict[str, tuple[float, float, float]]) -> str:
    return "; ".join(
        f"{key} {low:.4g}, {mean:.4g}, {high:.4g}" for key, (low, mean, high) in ranges.items()
    )
