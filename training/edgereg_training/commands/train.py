"""`edgereg train`: a recipe becomes checkpoints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.core.shown import shown

if TYPE_CHECKING:
    from edgereg_training.commands.progress import Report
    from edgereg_training.loop.loop import Progress, Watcher
    from edgereg_training.loop.problem import Problem
    from edgereg_training.loop.recipe import Recipe

RECIPES = Path(__file__).parent.parent / "recipes"


def _rates(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        rates = tuple(float(part) for part in value.split(","))
    except ValueError:
        rates = (0.0,)
    if min(rates) <= 0:
        raise click.BadParameter(f"'{value}' is no list of rates such as 1e-4,3e-4,1e-3")
    return rates


@click.command("train")
@click.argument("recipe", type=click.Path(path_type=Path), required=False)
@click.option("--csv", "table", type=click.Path(path_type=Path, dir_okay=False),
              help="Train on this table of pictures and numbers instead of a recipe.")  # fmt: skip
@click.option("--target", metavar="NAME[:LOW:HIGH[:UNIT]]",
              help="With --csv: the column to learn, and its range.")  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for checkpoints and log (default: runs/<name of the recipe file>).",
)
@click.option("--data", multiple=True, type=click.Path(path_type=Path, exists=True),
              help="Train on this in place of the recipe's data; again for more.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint in the folder.")
@click.option("--seeds", type=click.IntRange(1), help="Train so many times with seeds from the "
              "recipe's on; gives means with 95 % intervals.")  # fmt: skip
@click.option("--find-lr", "rates", callback=_rates, metavar="RATE,RATE,...",
              help="Try these learning rates in short runs and say which is best.")  # fmt: skip
@click.option("--find-epochs", type=click.IntRange(1), help="Epochs of each short run (default: "
              "a fifth of the recipe's).")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Build all of it, check the data, run a few examples "
              "and say what an epoch would cost on this device; trains nothing.")  # fmt: skip
@click.option("--log", "form", type=click.Choice(["csv", "tensorboard"]),
              help="Write this log beside log.jsonl.")  # fmt: skip
def command(
    recipe: Path | None,
    table: Path | None,
    target: str | None,
    out: Path | None,
    data: tuple[Path, ...],
    resume: bool,
    seeds: int | None,
    rates: tuple[float, ...] | None,
    find_epochs: int | None,
    dry_run: bool,
    form: str | None,
) -> int:
    """Train what RECIPE says: a YAML file, or the name of one that comes with edgereg.

    Stop with Ctrl-C and go on with --resume. The results are in the folder: checkpoints, and a log
    of one line an epoch.
    """
    from edgereg_training.loop.problem import problem_of, recipe_on

    if (seeds is not None) + (rates is not None) + (form is not None) > 1:
        raise click.UsageError("--seeds, --find-lr and --log can't be combined")
    settings, name = _recipe(recipe, table, target)
    if data:
        settings = recipe_on(settings, data)
    if dry_run:
        _tell(settings, name)
        return 0
    folder = out or Path("runs") / name
    problem = problem_of(settings)
    try:
        if rates is not None:
            epochs = find_epochs or max(1, -(-settings.epochs // 5))
            _find(problem, settings, folder, rates, epochs, resume)
        elif seeds is not None:
            _seeds(problem, settings, folder, seeds, resume)
        else:
            _once(problem, settings, folder, resume, form)
    except KeyboardInterrupt:
        what = recipe or f"--csv {table} --target {target}"
        place = shown(folder)
        click.echo(f"Stopped. Go on with: edgereg train {what} --out {place} --resume", err=True)
        return 1
    return 0


def _tell(recipe: Recipe, name: str) -> None:
    """What `--dry-run` finds."""
    from edgereg.cli.tables import show_table
    from edgereg_training.dry_run import dry_run

    found = dry_run(recipe)
    shapes = ", ".join(f"{key} {list(shape)}" for key, shape in found.shapes.items())
    rows = [
        *((part.name, f"{part.examples:,} examples") for part in found.parts),
        ("batch, as timed", shapes),
        ("parameters", f"{found.parameters:,}"),
        ("weights, gradients, moments", f"{found.memory_gb:.2f} GB, and the layers' outputs"),
        ("loss before training", f"{found.loss:.4g}"),
        ("an epoch", f"{found.steps:,} steps, about {found.hours:.2g} hours on {found.device}"),
        ("the run", f"{recipe.epochs} epochs, about {recipe.epochs * found.hours:.2g} hours"),
    ]
    show_table(("", ""), rows, f"{name}: everything is there")


def _recipe(recipe: Path | None, table: Path | None, target: str | None) -> tuple[Recipe, str]:
    """The recipe of the command line, and the name of its folder in runs."""
    from edgereg_training.loop.recipe import load_recipe

    if (recipe is None) == (table is None) or (table is None) != (target is None):
        raise click.UsageError("give a RECIPE, or --csv TABLE with --target NAME")
    if recipe is not None:
        return load_recipe(_file(recipe)), recipe.stem
    from edgereg_training.data.csv_recipe import csv_recipe, parse_wanted

    wanted = parse_wanted(str(target))
    return csv_recipe(Path(str(table)), wanted), wanted.name


def _file(recipe: Path) -> Path:
    """The recipe's file: as named, or a shipped one of this name."""
    shipped = RECIPES / f"{recipe}.yaml"  # also papers/NAME
    return shipped if not recipe.exists() and shipped.is_file() else recipe


def _once(problem: Problem[Any, Any], recipe: Recipe, out: Path, resume: bool, form: Any) -> None:
    from edgereg_training.loop.checkpoint import best_checkpoint
    from edgereg_training.loop.log import epoch_log
    from edgereg_training.loop.loop import train

    log = None if form is None else epoch_log(form, out)
    with _watchers(problem.metric) as watcher_of:
        state = train(problem, recipe, out, resume, watcher_of(f"train {recipe.problem}"), log)
    best = best_checkpoint(out)
    click.echo(f"{problem.metric} {state.best:.4g} after epoch {state.best_epoch}: {best}")


def _seeds(problem: Problem[Any, Any], recipe: Recipe, out: Path, count: int, resume: bool) -> None:
    from edgereg.cli.tables import show_table
    from edgereg_training.loop.repeats import train_seeds

    with _watchers(problem.metric) as watcher_of:
        _, intervals = train_seeds(problem, recipe, out, count, resume, watcher_of)
    rows = [
        (name, *("" if x is None else f"{x:.4g}" for x in (found.mean, found.low, found.high)))
        for name, found in intervals.items()
    ]
    show_table(("metric", "mean", "95 % low", "95 % high"), rows, f"{count} seeds, best epochs")
    click.echo(f"Each run: {shown(out / 'seeds.json')}")


def _find(
    problem: Problem[Any, Any],
    recipe: Recipe,
    out: Path,
    rates: tuple[float, ...],
    epochs: int,
    resume: bool,
) -> None:
    from edgereg.cli.tables import show_table
    from edgereg_training.loop.repeats import find_rate

    with _watchers(problem.metric) as watcher_of:
        trials = find_rate(problem, recipe, out, rates, epochs, resume, watcher_of)
    rows = [
        (f"{t.learning_rate:g}", "diverged" if t.metric is None else f"{t.metric:.4g}")
        for t in trials
    ]
    show_table(("learning rate", problem.metric), rows, f"{epochs} epochs each, best first")
    click.echo(f"Set in the recipe: optimiser: {{learning_rate: {trials[0].learning_rate:g}}}")


@contextmanager
def _watchers(metric: str) -> Iterator[Callable[[str], Watcher]]:
    """Gives the watcher that moves a bar of its own; the further processes of DDP show none."""
    from edgereg_training.commands.progress import progress_bar

    with ExitStack() as bars:

        def watcher_of(title: str) -> Watcher:
            bars.close()
            if os.environ.get("LOCAL_RANK", "0") != "0":
                return lambda progress: None
            report = bars.enter_context(progress_bar(title))
            return lambda progress: _show(report, metric, progress)

        yield watcher_of


def _show(report: Report, metric: str, progress: Progress) -> None:
    done = progress.epoch * progress.steps + progress.step
    note = f"epoch {progress.epoch + 1}/{progress.epochs} loss {progress.loss:.4g}"
    if progress.metrics:
        note += f" {metric} {progress.metrics[metric]:.4g}"
    report(done, progress.epochs * progress.steps, note)
