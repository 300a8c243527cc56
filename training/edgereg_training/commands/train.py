"""`edgereg train`: a recipe becomes checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgereg_training.commands.progress import Report
    from edgereg_training.loop import Progress


@click.command("train")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for checkpoints and log (default: runs/<name of the recipe file>).",
)
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint in the folder.")
def command(recipe: Path, out: Path | None, resume: bool) -> int:
    """Train what RECIPE (a YAML file) says; stop with Ctrl-C and go on with --resume."""
    from edgereg_training.checkpoint import best_checkpoint
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.loop import train
    from edgereg_training.problems import problem_of
    from edgereg_training.recipe import load_recipe

    settings = load_recipe(recipe)
    folder = out or Path("runs") / recipe.stem
    problem = problem_of(settings)
    try:
        with progress_bar(f"train {settings.problem}") as report:
            state = train(
                problem, settings, folder, resume, lambda p: _show(report, problem.metric, p)
            )
    except KeyboardInterrupt:
        click.echo(f"Stopped. Go on with: edgereg train {recipe} --out {folder} --resume", err=True)
        return 1
    best = best_checkpoint(folder)
    click.echo(f"{problem.metric} {state.best:.4g} after epoch {state.best_epoch}: {best}")
    return 0


def _show(report: Report, metric: str, progress: Progress) -> None:
    done = progress.epoch * progress.steps + progress.step
    note = f"epoch {progress.epoch + 1}/{progress.epochs} loss {progress.loss:.4g}"
    if progress.metrics:
        note += f" {metric} {progress.metrics[metric]:.4g}"
    report(done, progress.epochs * progress.steps, note)
