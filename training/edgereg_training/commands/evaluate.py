"""`edgereg evaluate`: what a model folder achieves on rendered people it has never seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgereg.models.folder import ModelFolder
    from edgereg_training.data.cache import Cut
    from edgereg_training.loop.bootstrap import Figure
    from edgereg_training.render.shards import Progress


@dataclass(frozen=True)
class TestData:
    """Where test data come from: a folder that is given, of a data set if `part` names one and its
    split, or rendered into the cache."""

    part: str | None
    given: Path | None
    assets: Path | None
    count: int | None
    cache: Path | None

    def of_set(self, cut: Cut) -> Path:
        """The crops of the data set's split."""
        from edgereg_training.data.part import SetPart

        name, _, split = str(self.part).partition(":")
        if self.given is None or not split:
            raise click.UsageError("--set NAME:SPLIT needs --data, the set's folder")
        return SetPart(set=name, folder=self.given, split=split, cache=self.cache).shards(cut)

    def folder(self, task: str) -> Path:
        """The test data of a task; ClickException where none can be rendered for it."""
        import platformdirs

        from edgereg_training.facts import facts_of

        if self.given is not None:
            return self.given
        render = facts_of(task).rendered_by()
        if render is None:
            raise click.ClickException(f"no test data of '{task}' can be rendered: give --data")
        if self.assets is None and facts_of(task).heads:
            click.echo("No --assets folder: rendering the stand-in head.", err=True)
        place = self.cache or platformdirs.user_cache_path("edgereg") / "evaluation"
        with progress_of(f"render test data of {task}") as report:
            return render(place, self.assets, self.count, report)


@click.command("evaluate")
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Rendered shards, the folder of a data set (see --set), or a folder of FairFace or the "
    "London Set (default: test identities, rendered into the cache).",
)
@click.option("--set", "part", metavar="NAME:SPLIT",
              help="Which data set --data is, and of which split: gives the field's scores on it, "
              "such as NME over the set's length, by subset.")  # fmt: skip
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
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False),
              help="Of tracking: the success plot (PNG).")  # fmt: skip
@click.option(
    "--detect-every", type=click.IntRange(1, 100), default=1, show_default=True,
    help="Of identities: detect in every N-th frame and carry the boxes between.",
)  # fmt: skip
@click.option(
    "--record", is_flag=True, help="Write the figures into model.json and the model card."
)
@click.pass_context
def command(
    context: click.Context,
    models: tuple[Path, ...],
    data: Path | None,
    part: str | None,
    assets: Path | None,
    pictures: Path | None,
    folder: Path | None,
    size: str,
    count: int | None,
    cache: Path | None,
    plot: Path | None,
    detect_every: int,
    record: bool,
) -> None:
    """Measure MODELS (default: the bundled ones) with 95 % bootstrap intervals.

    `edgereg evaluate tracking FOLDER...` follows the objects of the sequences in FOLDERs, in the
    layout of OTB, GOT-10k, LaSOT, TrackingNet or VOT, by the tracker as it runs.

    `edgereg evaluate identities [FOLDER...]` tells IDF1, HOTA and identity switches of heads in
    sequences of MOTChallenge's layout; without FOLDER, of rendered crowds.

    A model folder's graphs run in ONNX Runtime as they do on the device, with and without
    refinement. A training folder of the problem 'regression' runs in torch, whatever its method.
    """
    from edgereg.models.folder import load_model

    if models and str(models[0]) == "tracking" and not models[0].exists():
        evaluate_tracking(models[1:], plot)
        return
    if models and str(models[0]) == "identities" and not models[0].exists():
        identities_of(models[1:], detect_every, size, assets, cache)
        return
    test = TestData(part, data, assets, count, cache)
    for path in models or [task.model for task in context.obj.tasks().values() if task.model]:
        if (path / "checkpoints").is_dir() or (path / "weights.safetensors").is_file():
            if record:
                raise click.UsageError(f"{path}: a training folder has no model.json to record in")
            evaluate_trained(path, test)
        elif pictures is not None:
            evaluate_on_pictures(load_model(path), pictures, folder, size)
        else:
            evaluate_model(load_model(path), test, record=record)


def evaluate_model(model: ModelFolder, test: TestData, *, record: bool) -> None:
    """Show the figures of a model folder; record: write them into it, too."""
    from edgereg_training.facts import facts_of

    facts = facts_of(model.spec.task)
    measure = facts.measured_by()
    if test.given is None and test.assets is None and facts.heads:
        click.echo(
            "The bundled models were trained on MakeHuman heads; figures on the stand-in head "
            "do not describe them.",
            err=True,
        )
    shards = test.folder(model.spec.task) if test.part is None else test.of_set(cut_of(model))
    with progress_of(f"measure {model.spec.name}") as report:
        figures = measure(model, shards, report)
    show(f"{model.spec.name} {model.spec.version} on {shards.name}", figures)
    if record:
        write_metrics(model, figures)
        write_section(model, f"Measured on {shards.name}", figures)


def cut_of(model: ModelFolder) -> Cut:
    """The crops of a data set that a model folder takes."""
    from edgereg_training.data.cache import Cut
    from edgereg_training.regression.evaluation import target_of_model

    size = model.spec.input.width or 0
    target = target_of_model(model, size)
    return Cut(target.label, size, model.spec.input.crop_scale)


def evaluate_on_pictures(model: ModelFolder, labels: Path, folder: Path | None, size: str) -> None:
    """Show the figures of a model folder on labelled pictures."""
    from edgereg_training.facts import facts_of

    measure = facts_of(model.spec.task).measured_on_pictures()
    if measure is None:
        raise click.ClickException(
            f"task '{model.spec.task}' is not measured on labelled pictures: leave --pictures out"
        )
    with progress_of(f"measure {model.spec.name}") as report:
        figures = measure(model, labels, folder, report, size)
    show(f"{model.spec.name} {model.spec.version} on {labels.name}", figures)


def identities_of(
    folders: tuple[Path, ...], detect_every: int, size: str, assets: Path | None, cache: Path | None
) -> None:
    """Show how well heads keep their numbers in folders of sequences, or in rendered crowds."""
    import platformdirs

    from edgereg.cli.tables import show_table
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.identities.crowds import write_crowds
    from edgereg_training.identities.evaluation import evaluate_identities, figures_of
    from edgereg_training.identities.mot_folders import load_mot

    if not folders:
        place = (cache or platformdirs.user_cache_path("edgereg") / "evaluation") / "crowds"
        if assets is None:
            click.echo("No --assets folder: rendering the stand-in head.", err=True)
        with progress_bar("render crowds") as report:
            folders = (
                write_crowds(place / (assets.name if assets else "stand-in"), assets, report),
            )
    for folder in folders:
        with progress_bar(f"follow {folder.name}") as report:
            measured = evaluate_identities(load_mot(folder), report, detect_every, size)
        rows = [(item.name, f"{item.idf1:.3f}", f"{item.hota:.3f}", str(item.switches),
                 str(item.boxes), f"{item.found / max(item.boxes, 1):.3f}", f"{item.overlap:.3f}")
                for item in measured]  # fmt: skip
        columns = ("sequence", "IDF1", "HOTA", "switches", "boxes", "recall", "IoU")
        show_table(columns, rows, folder.name)
        show(f"identities on {folder.name}", figures_of(measured))


def evaluate_tracking(folders: tuple[Path, ...], plot: Path | None) -> None:
    """Show what the bundled tracker achieves on folders of sequences, one after another."""
    from edgereg.cli.tables import show_table
    from edgereg_training.commands.progress import progress_bar
    from edgereg_training.tracking.datasets import load_sequences
    from edgereg_training.tracking.evaluation import evaluate_sequences, mean_success, success_plot

    if not folders:
        raise click.UsageError("name the folders of sequences: edgereg evaluate tracking FOLDER...")
    curves = {}
    for folder in folders:
        with progress_bar(f"follow {folder.name}") as report:
            measured, figures = evaluate_sequences(load_sequences(folder), None, report)
        rows = [(item.name, f"{item.auc:.3f}", f"{item.overlap_precision(0.5):.3f}",
                 f"{item.overlap_precision(0.75):.3f}", f"{item.norm_precision:.3f}")
                for item in measured]  # fmt: skip
        show_table(("sequence", "AUC", "OP50", "OP75", "norm. precision"), rows, folder.name)
        show(f"tracking on {folder.name}", figures)
        curves[folder.name] = mean_success(measured)
    if plot is not None:
        success_plot(curves, plot)
        click.echo(f"Wrote {plot}")


def evaluate_trained(path: Path, test: TestData) -> None:
    """Show the figures of a training folder."""
    from edgereg_training.regression.evaluation import measure_trained
    from edgereg_training.regression.trained import load_trained

    trained = load_trained(path)
    name, options = trained.problem.target.name, trained.problem.options
    if test.part is None:
        folder = test.folder(name)
    else:
        from edgereg_training.data.cache import Cut

        label = trained.problem.target.label
        folder = test.of_set(Cut(label, options.size, options.crop_scale))
    figures = measure_trained(trained, folder)
    method = trained.recipe.options["method"]["name"]
    show(f"{name} by {method} ({path.name}) on {folder.name}", figures)


@contextmanager
def progress_of(title: str) -> Iterator[Progress]:
    """A bar to be moved by (done, total)."""
    from edgereg_training.commands.progress import progress_bar

    with progress_bar(title) as report:
        yield lambda done, total: report(done, total, "")


def show(title: str, figures: list[Figure]) -> None:
    """The figures as a table."""
    from edgereg.cli.tables import show_table

    rows = []
    for item in figures:
        numbers = (f"{number:.4g}" for number in (item.value, item.low, item.high))
        rows.append((item.name, *numbers, item.unit, item.note))
    show_table(("figure", "value", "95 % low", "95 % high", "unit", "of"), rows, title)


def write_metrics(model: ModelFolder, figures: list[Figure]) -> None:
    """Put the figures into `model.json`, beside those of other names."""
    import json

    from edgereg.core.files import replace_file

    path = model.path / "model.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    measured = {item.name: float(f"{item.value:.4g}") for item in figures}
    content["metrics"] = {**content.get("metrics", {}), **measured}
    replace_file(path, (json.dumps(content, indent=2) + "\n").encode())


def write_section(model: ModelFolder, title: str, figures: list[Figure]) -> None:
    """Put the figures into the model card, in place of a section of this title; no card, no
    section."""
    from edgereg.core.files import replace_file

    card = model.path / "README.md"
    if not card.is_file():
        return
    rows = [
        f"| {item.name} | {item.value:.4g} {item.unit} | {item.low:.4g} .. {item.high:.4g} | "
        f"{item.note.replace('|', '/')} |"
        for item in figures
    ]
    head = ["| figure | value | 95 % interval | of |", "| --- | --- | --- | --- |"]
    section = "\n".join([title, "", *head, *rows, "", ""])
    parts = card.read_text(encoding="utf-8").split("\n## ")
    kept = [part for part in parts if not part.startswith(title + "\n")]
    # What users want to know comes before the graphs.
    places = [index for index, part in enumerate(kept) if part.startswith("Graphs")]
    kept.insert(places[0] if places else len(kept), section.rstrip() + "\n")
    replace_file(card, "\n## ".join(kept).encode())
