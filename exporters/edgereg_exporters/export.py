"""Export, step by step: a checkpoint, or an FP32 model folder, becomes a model folder.

check -> load the checkpoint -> write the graphs -> compare them with torch -> put the folder
in its place -> lower the precision, where that is asked for -> tell what was written
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import onnx

from edgereg.core.model_spec import GraphName
from edgereg.engines.ranges import parse_batch
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model, write_model
from edgereg_exporters.errors import ExportError
from edgereg_exporters.folder import parity
from edgereg_exporters.folder.model_card import CARD, model_card
from edgereg_exporters.folder.placing import check_place, put_folder
from edgereg_exporters.folder.tensorrt_rules import refusals
from edgereg_exporters.folder.triton import add_to_repository
from edgereg_exporters.graphs.predict import export_predict
from edgereg_exporters.graphs.writer import node_count
from edgereg_exporters.models.exportable import Exportable, load_exportable
from edgereg_exporters.precision.calibration import calibration_batches
from edgereg_exporters.precision.quantise import Scheme
from edgereg_exporters.precision.reduced_model import Lower, Reduction, reduce_model

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

    from edgereg_exporters.precision.precision_loss import Measure

Say: TypeAlias = Callable[[str], None]
Row: TypeAlias = tuple[str, ...]

TRAINING_DATA = (
    "Heads rendered by edgereg from the MakeHuman base mesh and morph targets (CC0); "
    "no photographs of people"
)
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Request:
    """The command's arguments; max_loss in per cent, batch as LEAST:USUAL:MOST."""

    source: Path
    out: Path
    name: str | None = None
    version: str | None = None
    target: str | None = None
    precision: Literal["fp32", "fp16", "fp16-weights", "int8"] = "fp32"
    calibration: Path | None = None
    scheme: Scheme = "portable"
    max_loss: float | None = None
    data: Path | None = None
    notes: Path | None = None
    triton: Path | None = None
    engine: Literal["tensorrt"] | None = None
    batch: str | None = None
    force: bool = False

    @property
    def model_name(self) -> str:
        """The name of the model that is written: its folder's, where none is given."""
        return self.name or self.out.resolve().name


@dataclass(frozen=True)
class Shown:
    """Tables (head, rows) and lines for the terminal."""

    tables: list[tuple[Row, list[Row]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def export(request: Request, say: Say = lambda _: None) -> Shown:
    """Export, and tell what was compared and written; `say` is told what goes on meanwhile.

    Raises EdgeregError, one line.
    """
    check(request)
    shown = Shown()
    is_model = (request.source / SPEC_FILE).is_file()
    if request.precision != "fp32":
        with tempfile.TemporaryDirectory() as folder:
            # A lower precision goes through the FP32 model.
            whole = (
                load_model(request.source)
                if is_model
                else export_checkpoint(request, Path(folder) / request.model_name, shown)
            )
            lower_precision(request, request.precision, whole, shown, say)
    elif is_model:
        model = load_model(request.source)
        copy_model(model, request.out, request.name, request.version, request.force)
    else:
        export_checkpoint(request, request.out, shown, measure_on(request.data, say))
    shown.lines.append(f"Wrote {request.out}")
    written = load_model(request.out)
    for graph in written.spec.graphs:
        doubts = refusals(onnx.load(written.graph_path(graph)))
        if doubts:
            more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
            shown.lines.append(f"TensorRT would refuse the {graph} graph: {doubts[0]}{more}")
    if request.triton is not None:
        made = add_to_repository(written, request.triton, force=request.force)
        shown.lines.extend(f"Wrote {place}" for place in made)
    return shown


def check(request: Request) -> None:
    """Refuse now what would fail after minutes of exporting: raises EdgeregError."""
    if request.precision == "int8" and request.calibration is None:
        raise ExportError("INT8 needs --calibration: a video, images or rendered shards")
    if request.batch is not None:
        if request.engine is None:
            raise ExportError("--batch is for an engine that is compiled: --engine tensorrt")
        parse_batch(request.batch)
    check_place(request.out, request.force, SPEC_FILE, "model folder")


def export_checkpoint(
    request: Request, out: Path, shown: Shown, measure: Measure | None = None
) -> ModelFolder:
    """Write the requested checkpoint as an FP32 model folder `out`, and show how it compares."""
    description = Description(
        request.model_name,
        request.version or "1",
        notes=read_notes(request.notes),
        target=request.target,
    )
    done = export_model(request.source, out, description, force=request.force, measure=measure)
    shown.tables.append(table_of(done.nodes, done.differences, "torch"))
    return done.folder


def lower_precision(
    request: Request, precision: Lower, whole: ModelFolder, shown: Shown, say: Say
) -> None:
    """Write an FP32 model in a lower precision, and show what is lost by it."""
    batches = (
        calibration_batches(request.calibration, whole.spec)
        if request.calibration is not None
        else ()
    )
    reduction = Reduction(
        precision,
        request.scheme,
        batches=batches,
        measure=measure_on(request.data, say),
        max_loss=None if request.max_loss is None else request.max_loss / 100,
    )
    version = request.version or whole.spec.version
    reduced = reduce_model(
        whole, request.out, request.model_name, version, reduction, force=request.force
    )
    shown.tables.append(table_of(reduced.nodes, reduced.differences, "FP32"))
    shown.lines.append(reduced.loss.told(precision.upper()))


@dataclass(frozen=True)
class Description:
    """What the checkpoint does not know: the model's name and version, its data and licence, and
    Markdown for the model card. target: which of a run's several."""

    name: str
    version: str = "1"
    training_data: str = TRAINING_DATA
    licence: str = LICENCE
    notes: tuple[str, ...] = ()
    target: str | None = None


@dataclass(frozen=True)
class Exported:
    """The written folder, its graphs' node counts and its differences from torch."""

    folder: ModelFolder
    nodes: dict[GraphName, int]
    differences: list[parity.Difference]


def export_model(
    checkpoint: Path,
    out: Path,
    description: Description,
    *,
    force: bool = False,
    bound: float = parity.BOUND,
    measure: Measure | None = None,
) -> Exported:
    """Write the model folder `out` from a training or checkpoint folder.

    It is made under a temporary name beside `out` and moved into place when it is whole, so a
    failed export leaves what was there. measure: gives the figures for `model.json` and the card.
    Raises ExportError where `out` exists (without force), can't be written, or a graph differs
    from torch by more than `bound` of its target's range; CheckpointError for the checkpoint.
    """
    check_place(out, force, SPEC_FILE, "model folder")
    model = load_exportable(checkpoint, description.target)
    graphs = build_graphs(model)
    differences = parity.measure(model, graphs)
    parity.require(differences, bound)
    nodes = {name: node_count(graph) for name, graph in graphs.items()}
    content = {name: graph.SerializeToString() for name, graph in graphs.items()}
    fields = {
        **model.fields,
        "name": description.name,
        "version": description.version,
        "training_data": model.fields.get("training_data", description.training_data),
        "licence": description.licence,
    }

    def write(folder: Path) -> None:
        metrics = {f"parity_{d.graph}_{d.output}": d.relative for d in differences}
        written = write_model(folder, {**fields, "metrics": metrics}, content)
        figures: Sequence[Figure] = ()
        if measure is not None:
            figures = measure(written)
            metrics |= {f.name: f.value for f in figures}
            written = write_model(folder, {**fields, "metrics": metrics}, content)
        notes = (*model.notes, *description.notes)
        card = model_card(written, nodes, differences, figures, notes)
        (folder / CARD).write_text(card, encoding="utf-8")

    put_folder(out, write)
    return Exported(load_model(out), nodes, differences)


def build_graphs(model: Exportable) -> dict[GraphName, onnx.ModelProto]:
    """predict, and where the model has them, refine and density."""
    predict = export_predict(model.predict, model.example, model.outputs, model.multiple)
    return {"predict": predict, **{name: other.build() for name, other in model.others.items()}}


def copy_model(
    source: ModelFolder, out: Path, name: str | None, version: str | None, force: bool
) -> None:
    """A model folder under another name or version, its graphs and card byte for byte."""
    check_place(out, force, SPEC_FILE, "model folder")
    spec = source.spec
    fields = spec.model_dump(exclude={"schema_version", "graphs"}, exclude_none=True)
    fields |= {"name": name or spec.name, "version": version or spec.version}
    content = {graph: source.graph_path(graph).read_bytes() for graph in spec.graphs}
    card = source.path / CARD

    def write(folder: Path) -> None:
        write_model(folder, fields, content)
        if card.is_file():
            (folder / CARD).write_bytes(card.read_bytes())

    put_folder(out, write)


def read_notes(file: Path | None) -> tuple[str, ...]:
    """What the user wants on the model card; ExportError where the file is no text."""
    if file is None:
        return ()
    try:
        return (file.read_text(encoding="utf-8").strip(),)
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{file}: can't read the notes ({error})") from error


def measure_on(data: Path | None, say: Say) -> Measure | None:
    """What measures a model on a folder of test data; None without one."""
    if data is None:
        return None

    def measure(model: ModelFolder) -> Sequence[Figure]:
        from edgereg_training.facts import facts_of

        name = f"Measuring {model.spec.name} in {model.spec.precision.upper()}"
        say(name)
        run = facts_of(model.spec.task).measured_by()
        return run(model, data, lambda done, total: say(f"{name}: {done} of {total}"))

    return measure


def table_of(
    nodes: dict[GraphName, int], differences: Sequence[parity.Difference], other: str
) -> tuple[Row, list[Row]]:
    """The differences of each output from torch or from FP32, for the terminal."""
    head = ("graph", "nodes", "output", f"largest difference from {other}", "of its range", "mean")
    rows: list[Row] = [
        (
            d.graph,
            str(nodes[d.graph]),
            d.output,
            f"{d.largest:.2e}",
            f"{d.relative:.1e}",
            f"{d.mean:.1e}",
        )
        for d in differences
    ]
    return head, rows
