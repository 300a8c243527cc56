"""The model card: what a model does, how good it is, how its graphs differ from torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import onnx
from edgereg_training.facts import TaskFacts, facts_of

from edgereg.core.errors import EdgeregError
from edgereg.core.model_spec import AscentRule, GraphName
from edgereg.models.folder import ModelFolder
from edgereg_exporters.folder.parity import BOUND, WIDER, Difference
from edgereg_exporters.graphs.writer import OPSET
from edgereg_exporters.precision.precision_loss import Loss

if TYPE_CHECKING:
    from edgereg_training.loop.bootstrap import Figure

CARD = "README.md"
# More targets than that are not named one by one.
MOST_NAMED = 8
RULES: Mapping[AscentRule, str] = {
    "algorithm-1": "decay {:g} (Algorithm 1 of the EBM paper)",
    "algorithm-s1": "stopped where the energy hardly changes or falls (its Algorithm S1)",
    "plain": "decay {:g} after every step, none of which is refused",
}


def model_card(
    model: ModelFolder,
    nodes: Mapping[GraphName, int],
    differences: Sequence[Difference],
    figures: Sequence[Figure],
    notes: Sequence[str],
) -> str:
    """Markdown for the folder's README.md."""
    spec, facts = model.spec, known_of(model)
    parts = [
        f"# {spec.name} (version {spec.version})",
        facts.purpose,
        _facts(model, _weights(model)),
        "\n".join(["## Limits", "", *facts.limits]) if facts.limits else "",
        f"## How to read it\n\n{facts.reading}" if facts.reading else "",
        *notes,
        _figures(figures),
        _graphs(model, nodes),
        _parity(differences),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def known_of(model: ModelFolder) -> TaskFacts:
    """What the card says of the model's task; of an unknown one no more than its name."""
    task = model.spec.task
    try:
        facts = facts_of(task)
    except EdgeregError:
        facts = TaskFacts()
    return facts if facts.purpose else replace(facts, purpose=f"A model of the task {task}.")


def _facts(model: ModelFolder, weights: int) -> str:
    spec = model.spec
    targets = ", ".join(f"{t.name} ({t.unit})" for t in spec.targets)
    if len(spec.targets) > MOST_NAMED:
        first, last = spec.targets[0], spec.targets[-1]
        targets = f"{len(spec.targets)} numbers, {first.name} to {last.name} ({last.unit})"
    size = spec.input
    taken = (
        f"{size.width} x {size.height} RGB, crop {size.crop_scale:g} times the region"
        if size.width
        else f"RGB of any size, sides multiples of {size.multiple}, "
        f"longer side scaled to {size.long_side}"
    )
    rows = {
        "task": spec.task,
        "method": spec.method,
        "targets": targets,
        "input": taken,
        "precision": spec.precision,
        "weights": f"{weights:,}",
        "training data": spec.training_data,
        "licence": spec.licence,
    }
    if spec.refinement is not None:
        steps = ", ".join(f"{length:g}" for length in spec.refinement.step_length)
        rows["refinement"] = (
            f"{spec.refinement.steps} steps of gradient ascent on the energy, "
            f"step length {steps}, {RULES[spec.refinement.rule].format(spec.refinement.decay)}"
        ) + (", to the best point of the path" if spec.refinement.best else "")
    return _table(("", ""), list(rows.items()))


def _weights(model: ModelFolder) -> int:
    """Numbers in the float weights of all graphs but density and spread, which share refine's."""
    total = 0
    for name in model.spec.graphs:
        if name in ("density", "spread"):
            continue
        graph = onnx.load(model.graph_path(name)).graph
        for tensor in graph.initializer:
            count = 1
            for size in tensor.dims:
                count *= size
            total += count if tensor.data_type == onnx.TensorProto.FLOAT else 0
    return total


def _figures(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    rows = [(f.note or f.name, f"{f.value:.4g} {f.unit}".strip(), f"{f.low:.4g} .. {f.high:.4g}")
            for f in figures]  # fmt: skip
    title = "## Measured on data unseen in training"
    return f"{title}\n\n" + _table(("figure", "value", "95 % interval"), rows)


def _graphs(model: ModelFolder, nodes: Mapping[GraphName, int]) -> str:
    rows = [
        (name, graph.file, str(nodes[name]), graph.sha256[:12])
        for name, graph in model.spec.graphs.items()
    ]
    title = f"## Graphs (ONNX opset {OPSET}, standard operators)"
    return f"{title}\n\n" + _table(("graph", "file", "nodes", "sha256"), rows)


def _parity(differences: Sequence[Difference]) -> str:
    rows = [(d.graph, d.output, f"{d.largest:.2e}", f"{d.relative:.1e}") for d in differences]
    bounds = f"{BOUND:.0e} of the range, for widths {WIDER * BOUND:.0e}"
    title = f"## Largest differences from the torch model (bound: {bounds})"
    head = ("graph", "output", "largest", "of its range")
    return f"{title}\n\n" + _table(head, rows)


def reduced_card(
    source: ModelFolder,
    model: ModelFolder,
    nodes: Mapping[GraphName, int],
    differences: Sequence[Difference],
    loss: Loss,
    figures: Sequence[Figure],
) -> str:
    """The card of a model of lower precision: that of its FP32 original `source`, with
    what holds for the original only marked as such, and what the precision costs."""
    card = source.path / CARD
    spec = model.spec
    kept = card.read_text(encoding="utf-8").split("\n## ")[1:] if card.is_file() else []
    kept = [f"## {part.strip()}" for part in kept if not part.startswith("Graphs")]
    parts = [
        f"# {spec.name} (version {spec.version})",
        known_of(model).purpose,
        _facts(model, _weights(source)),
        precision(source, model, differences, loss),
        _figures(figures),
        _graphs(model, nodes),
        *(_of_original(part, source) for part in kept),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _of_original(part: str, source: ModelFolder) -> str:
    """A section of the original's card; figures get its name into their title."""
    title, _, text = part.partition("\n")
    if title.startswith(("## Measured", "## Largest")):
        title += f": {source.spec.name} {source.spec.version}, FP32"
    return f"{title}\n{text}"


def precision(
    source: ModelFolder, model: ModelFolder, differences: Sequence[Difference], loss: Loss
) -> str:
    """The section on what the precision costs."""
    stored = model.spec.precision == "fp32"  # in FP16, for FP32 stands against itself here
    low = "FP16 weights" if stored else model.spec.precision.upper()
    computed = (
        "All of it computes in FP32."
        if stored
        else "Scaling of the input, the last layer of each path, decoding and the energies compute "
        "in FP32."
    )
    sizes = [each.graph_path("predict").stat().st_size for each in (source, model)]
    rows = [
        (d.output, f"{d.largest:.2e}", f"{d.relative:.1e}", f"{d.mean:.1e}") for d in differences
    ]
    head = ("output of predict", "largest difference", "of its range", "mean, of its range")
    return (
        f"## {low} against FP32\n\n"
        f"{loss.told(low)}. predict.onnx: {sizes[0]:,} bytes in FP32, {sizes[1]:,} in {low}.\n"
        f"{computed}\n\n"
    ) + _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # Bars, as those of |yaw|, would end their cell.
    cells = ([text.replace("|", "\\|") for text in row] for row in rows)
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
