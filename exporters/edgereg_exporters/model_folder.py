"""A model folder from a checkpoint: graphs, `model.json` and model card, checked against torch."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from edgereg.models.folder import ModelFolder, load_model, write_model
from edgereg.models.schema import GraphName
from edgereg_exporters import parity
from edgereg_exporters.errors import ExportError
from edgereg_exporters.exportable import Exportable, load_exportable
from edgereg_exporters.graph_writer import node_count
from edgereg_exporters.graphs import density_graph, refine_graph
from edgereg_exporters.model_card import model_card
from edgereg_exporters.predict_export import export_predict

if TYPE_CHECKING:
    from edgereg_training.bootstrap import Figure

TRAINING_DATA = (
    "Heads rendered by edgereg from the MakeHuman base mesh and morph targets (CC0); "
    "no photographs of people"
)
LICENCE = "Apache-2.0"
CARD = "README.md"


@dataclass(frozen=True)
class Description:
    """What the checkpoint does not know: the model's name and version, its data and licence."""

    name: str
    version: str = "1"
    training_data: str = TRAINING_DATA
    licence: str = LICENCE


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
    measure: Callable[[ModelFolder], Sequence[Figure]] | None = None,
) -> Exported:
    """Write the model folder `out` from a training or checkpoint folder.

    It is made under a temporary name beside `out` and moved into place when it is whole, so a
    failed export leaves what was there. measure: gives the figures for `model.json` and the card.
    Raises ExportError where `out` exists (without force), can't be written, or a graph differs
    from torch by more than `bound` of its target's range; CheckpointError for the checkpoint.
    """
    if out.exists() and not force:
        raise ExportError(f"{out}: is there already; give --force to replace it")
    if out.exists() and not (out / "model.json").is_file() and any(out.iterdir()):
        raise ExportError(f"{out}: is not a model folder; nothing there is replaced")
    model = load_exportable(checkpoint)
    graphs = build_graphs(model)
    differences = parity.measure(model, graphs)
    parity.require(differences, bound)
    nodes = {name: node_count(graph) for name, graph in graphs.items()}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as parent:
            made = Path(parent) / out.name
            _write(made, model, graphs, description, nodes, differences, measure)
            _move(made, out, Path(parent) / "former")
    except OSError as error:
        raise ExportError(f"{out}: can't be written: {error.strerror or error}") from error
    return Exported(load_model(out), nodes, differences)


def build_graphs(model: Exportable) -> dict[GraphName, onnx.ModelProto]:
    """predict, and where the model has an energy, refine and density."""
    graphs: dict[GraphName, onnx.ModelProto] = {
        "predict": export_predict(model.predict, model.example, model.outputs, model.multiple)
    }
    if model.energy is not None:
        graphs["refine"] = refine_graph(model.energy)
        graphs["density"] = density_graph(model.energy)
    return graphs


def _write(
    folder: Path,
    model: Exportable,
    graphs: dict[GraphName, onnx.ModelProto],
    description: Description,
    nodes: dict[GraphName, int],
    differences: list[parity.Difference],
    measure: Callable[[ModelFolder], Sequence[Figure]] | None,
) -> None:
    content = {name: graph.SerializeToString() for name, graph in graphs.items()}
    metrics = {f"parity_{d.graph}_{d.output}": d.relative for d in differences}
    fields = {
        **model.fields,
        "name": description.name,
        "version": description.version,
        "training_data": description.training_data,
        "licence": description.licence,
    }
    written = write_model(folder, {**fields, "metrics": metrics}, content)
    figures: Sequence[Figure] = ()
    if measure is not None:
        figures = measure(written)
        metrics |= {f.name: f.value for f in figures}
        written = write_model(folder, {**fields, "metrics": metrics}, content)
    card = model_card(written, nodes, differences, figures, model.notes)
    (folder / CARD).write_text(card, encoding="utf-8")


def _move(made: Path, out: Path, former: Path) -> None:
    """Put `made` at `out`; what was there goes to `former`, and back if that fails."""
    if not out.exists():
        shutil.move(made, out)
        return
    out.rename(former)
    try:
        made.rename(out)
    except OSError:
        former.rename(out)
        raise
