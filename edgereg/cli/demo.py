"""`edgereg demo`: the bundled clip through head detection and head pose, against its truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.signals import signals_ignored
from edgereg.cli.tables import show_table
from edgereg.core.errors import EdgeregError
from edgereg.core.shown import shown

if TYPE_CHECKING:
    from edgereg.demo.clip import Comparer, Comparison


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("edgereg-demo"),
    show_default=True,
    help="Folder for the results.",
)
@pass_session
def command(session: Session, /, out: Path) -> int:
    """Run the bundled clip, whose truth is known.

    Finds heads and their pose, with refinement. Writes an annotated video, all results, and a
    table of poses; shows the mean error with and without refinement, and the speed.
    """
    from edgereg.assembly import Choice, assemble
    from edgereg.cli.watching import FirstFaults, conclude, watch
    from edgereg.demo.clip import CLIP, Comparer, load_truth, write_table

    video, results, table = out / "demo.mp4", out / "demo.jsonl", out / "poses.csv"
    comparer, faults = Comparer(load_truth()), FirstFaults()
    session.tasks()
    run = assemble(session.plugins, CLIP, [video, results], Choice(), sinks=[comparer, faults])
    report, interrupted = watch(run.pipeline, run.source.info.frame_count)
    with signals_ignored():
        places = run.finish(interrupted=interrupted)
    if comparer.rows:
        write_table(comparer.rows, table)
        _show(comparer)
    code = conclude(report, interrupted, faults, places, with_stats=True)
    if not comparer.rows:
        raise EdgeregError("no head was found in the bundled clip; see: edgereg doctor")
    click.echo(f"Annotated video: {shown(video)}\nAll results: {shown(results)}")
    click.echo(f"All poses with truth: {shown(table)}")
    return code


def _show(comparer: Comparer) -> None:
    from edgereg.demo.clip import mean_errors

    show_table(
        ("time", "person", "true yaw pitch roll", "without refinement", "with refinement"),
        _sample(comparer.rows),
        title="Head poses against the truth, in degrees, once a second",
    )
    initial, final = mean_errors(comparer.rows)
    rows = [
        (kind, *(f"{error:.2f}" for error in (*errors, errors.mean())), f"{overlap:.3f}")
        for kind, errors, overlap in (
            ("without", initial, _mean([row.initial_iou for row in comparer.rows])),
            ("with", final, _mean([row.final_iou for row in comparer.rows])),
        )
    ]
    columns = ("refinement", "yaw", "pitch", "roll", "mean of the three", "IoU of the head box")
    show_table(columns, rows, title="Mean absolute error in degrees")
    found = len(comparer.rows)
    click.echo(f"Heads found: {found} of {comparer.heads}; false alarms: {comparer.extra}")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _sample(rows: Sequence[Comparison]) -> Iterator[tuple[str, ...]]:
    """The first comparison of each person in each second."""
    seen = set()
    for row in rows:
        key = (int(row.time_s), row.person)
        if key not in seen:
            seen.add(key)
            angles = (row.truth, row.initial, row.final)
            texts = ("  ".join(f"{a:+6.1f}" for a in triple) for triple in angles)
            yield (f"{row.time_s:.1f} s", str(row.person), *texts)
