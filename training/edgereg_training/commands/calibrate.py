"""`edgereg calibrate`: the intervals of a trained run, made right on other data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from edgereg.core.shown import shown


@click.command("calibrate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", multiple=True, type=click.Path(path_type=Path),
              help="Calibrate on this in place of the recipe's data; again for more.")  # fmt: skip
def command(run: Path, data: tuple[Path, ...]) -> None:
    """Calibrate the best epoch of RUN, a training folder, anew on its validation data.

    Nothing is learnt: the values stay, the densities and their 90 % intervals become wider or
    narrower. Export the run afterwards.
    """
    from edgereg.cli.tables import show_table
    from edgereg_training.loop.checkpoint import (
        best_checkpoint,
        load_weights,
        read_checkpoint,
        write_checkpoint,
    )
    from edgereg_training.loop.problem import problem_of, recipe_on

    folder = best_checkpoint(run)
    found = read_checkpoint(folder)
    recipe = recipe_on(found.recipe, data) if data else found.recipe
    problem = problem_of(recipe)
    if not hasattr(problem, "calibrate"):
        raise click.ClickException(f"{run}: a run of '{recipe.problem}' is not calibrated")
    net = problem.build()
    # Checkpoints from before a head was to be calibrated lack its numbers.
    load_weights(net, {**net.state_dict(), **found.weights})
    net.eval()
    problem.calibrate(net)
    write_checkpoint(folder.parent.parent, replace(found, weights=net.state_dict()))
    kinds = ("temperature", "slope", "blur", "factors")
    numbers = [(n, v) for n, v in net.state_dict().items() if any(kind in n for kind in kinds)]
    rows = [(n, *(f"{x:.3g}" for x in (v.min(), v.median(), v.max()))) for n, v in numbers]
    show_table(("number", "least", "median", "largest"), rows, f"Calibration of {run.name}")
    click.echo(f"Wrote {shown(folder)}")
