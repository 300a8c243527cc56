"""A model folder from a checkpoint: graphs, `model.json` and model card, checked against torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import torch

from edgereg.core.model_spec import GraphName
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model, write_model
from edgereg_exporters.folder import parity
from edgereg_exporters.folder.model_card import CARD, model_card
from edgereg_exporters.folder.placing import check_place, put_folder
from edgereg_exporters.graphs.energy_graphs import density_graph, refine_graph
from edgereg_exporters.graphs.predict import export_density, export_predict
from edgereg_exporters.graphs.writer import node_count
from edgereg_exporters.models.exportable import Exportable, load_exportable

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

TRAINING_DATA = (
    "Heads rendered by edgereg from the MakeHuman base mesh and morph targets (CC0); "
    "no photographs of people"
)
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Description:
    """What the checkpoint does not know: the model's name and version, its data and licence, and
    Markdown for the model card."""

    name: str
    version: str = "1"
    training_data: str = TRAINING_DATA
    licence: str = LICENCE
    notes: tuple[str, ...] = ()


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
    check_place(out, force, SPEC_FILE, "model folder")
    model = load_exportable(checkpoint)
    graphs = build_graphs(model)
    differences = parity.measure(model, graphs)
    parity.require(differences, bound)
    nodes = {name: node_count(graph) for name, graph in graphs.items()}
    put_folder(
        out, lambda made: _write(made, model, graphs, description, nodes, differences, measure)
    )
    return Exported(load_model(out), nodes, differences)


def copy_model(
    source: ModelFolder, out: Path, name: str | None, version: str | None, force: bool
) -> ModelFolder:
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
    return load_model(out)


def build_graphs(model: Exportable) -> dict[GraphName, onnx.ModelProto]:
    """predict, and where the model has them, refine and density."""
    graphs: dict[GraphName, onnx.ModelProto] = {
        "predict": export_predict(model.predict, model.example, model.outputs, model.multiple)
    }
    if model.energy is not None:
        graphs["refine"] = refine_graph(model.energy, model.ascent)
        graphs["density"] = density_graph(model.energy)
    elif model.density is not None:
        with torch.no_grad():
            outputs = dict(zip(model.outputs, model.predict(model.example[:1]), strict=True))
        (features,) = (outputs[name] for name in model.fields["features"])
        graphs["density"] = export_density(model.density, features, len(model.fields["targets"]))
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
    notes = (*model.notes, *description.notes)
    card = model_card(written, nodes, differences, figures, notes)
    (folder / CARD).write_text(card, encoding="utf-8")
