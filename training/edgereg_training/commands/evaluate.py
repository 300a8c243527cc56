"""`edgereg evaluate`: what a model folder achieves on rendered people it has never seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edgereg.models.folder import ModelFolder
    from edgereg_training.loop.bootstrap import Figure
    from edgereg_training.loop.evaluations import Measure
    from edgereg_training.render.shards import Progress


@click.command("evaluate")
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Rendered shards to measure on (default: test identities, rendered into the cache).",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False),
    help="MakeHuman asset folder for rendering; without it a stand-in head is rendered.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, exists=True),
    help="Labelled pictures to measure on instead: a COCO JSON, a folder with Pascal VOC XML, or a "
    "folder of pictures in which nothing is to be found.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the pictures of --pictures lie, if not beside their labels.",
)
@click.option(
    "--size",
    default="default",
    show_default=True,
    help="Input size for --pictures, by the model's name for it: fast, default, far.",
)
@click.option("--count", type=click.IntRange(1), help="Pictures to render for each model.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where rendered test data is kept (default: the user's cache folder).",
)
@click.option("--record", is_flag=True, help="Write the figures into the model's model.json.")
@click.pass_context
def command(
    context: click.Context,
    models: tuple[Path, ...],
    data: Path | None,
    assets: Path | None,
    pictures: Path | None,
    folder: Path | None,
    size: str,
    count: int | None,
    cache: Path | None,
    record: bool,
) -> None:
    """Measure MODELS (default: the bundled ones) with 95 % bootstrap intervals.

    A model folder's graphs run in ONNX Runtime as they do on the device, with and without
    refinement. A training folder of the problem 'regression' runs in torch, whatever its method.
    """
    from edgereg.models.folder import load_model
    from edgereg_training.loop.evaluations import evaluation_of, measure_of

    for path in models or _bundled(context):
        if _is_run(path):
            if record:
                raise click.UsageError(f"{path}: a training folder has no model.json to record in")
            _evaluate_run(path, data, count, assets, cache)
            continue
        model = load_model(path)
        if pictures is not None:
            _on_pictures(model, pictures, folder, size)
            continue
        evaluation = evaluation_of(model.spec.task)
        if data is None and assets is None:
            click.echo(
                "The bundled models were trained on MakeHuman heads; figures on the stand-in head "
                "do not describe them.",
                err=True,
            )
        shards = data or _rendered(evaluation, count, assets, cache)
        figures = _measured(model, measure_of(evaluation), shards)
        _show(f"{model.spec.name} {model.spec.version} on {shards.name}", figures)
        if record:
            _record(model, figures)


def _on_pictures(model: ModelFolder, labels: Path, folder: Path | None, size: str) -> None:
    from edgereg_training.loop.evaluations import measure_on_pictures

    measure = measure_on_pictures(model.spec.task)
    with _progress(f"measure {model.spec.name}") as report:
        figures = measure(model, labels, folder, report, size)
    _show(f"{model.spec.name} {model.spec.version} on {labels.name}", figures)


def _is_run(path: Path) -> bool:
    """Whether this is a folder that train wrote, or one of its checkpoints."""
    return (path / "checkpoints").is_dir() or (path / "weights.safetensors").is_file()


def _evaluate_run(
    path: Path, data: Path | None, count: int | None, assets: Path | None, cache: Path | None
) -> None:
    from edgereg_training.loop.evaluations import evaluation_of
    from edgereg_training.regression.run import load_regression, measure_run

    _, problem, recipe = load_regression(path)
    folder = data or _rendered(evaluation_of(problem.label.name), count, assets, cache)
    with _render_errors():
        figures = measure_run(path, folder)
    method = recipe.options["method"]["name"]
    _show(f"{problem.label.name} by {method} ({path.name}) on {folder.name}", figures)


def _bundled(context: click.Context) -> list[Path]:
    return [task.model for task in context.obj.tasks().values()]


def _rendered(evaluation: Any, count: int | None, assets: Path | None, cache: Path | None) -> Path:
    import platformdirs

    from edgereg_training.loop.evaluations import render_test_data

    if assets is None:
        click.echo("No --assets folder: rendering the stand-in head.", err=True)
    place = cache or platformdirs.user_cache_path("edgereg") / "evaluation"
    with _progress(f"render {evaluation.kind}") as report:
        wanted = count or evaluation.count
        return render_test_data(evaluation, wanted, assets, place, report)


def _measured(model: ModelFolder, measure: Measure, folder: Path) -> list[Figure]:
    with _progress(f"measure {model.spec.name}") as report:
        return measure(model, folder, report)


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    from edgereg_training.commands.progress import progress_bar

    with _render_errors(), progress_bar(title) as report:
        yield lambda done, total: report(done, total, "")


@contextmanager
def _render_errors() -> Iterator[None]:
    """Damaged shards as one line."""
    from edgereg_training.render.errors import RenderError

    try:
        yield
    except RenderError as error:
        raise click.ClickException(str(error)) from error


def _show(title: str, figures: list[Figure]) -> None:
    from edgereg.cli.tables import show_table

    rows = []
    for item in figures:
        numbers = (f"{number:.4g}" for number in (item.value, item.low, item.high))
        rows.append((item.name, *numbers, item.unit, item.note))
    show_table(("figure", "value", "95 % low", "95 % high", "unit", "of"), rows, title)


def _record(model: ModelFolder, figures: list[Figure]) -> None:
    import json

    path = model.path / "model.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    measured = {item.name: float(f"{item.value:.4g}") for item in figures}
    content["metrics"] = {**content.get("metrics", {}), **measured}
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
