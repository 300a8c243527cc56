"""The parts of `ebm-tracking`: a training by one loss, the ascent that suits it, the sequences
followed with the exported graphs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from edgereg.models.folder import load_model, write_model
from edgereg_training.detection.energy import refine_boxes
from edgereg_training.detection.iou_net import overlaps
from edgereg_training.loop.checkpoint import latest_checkpoint, load_weights, read_checkpoint
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import OptimiserSettings, Recipe
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.tracking.datasets import load_sequences
from edgereg_training.tracking.evaluation import follow, mean_success
from edgereg_training.tracking.measures import measure_boxes
from edgereg_training.tracking.network import TrackingNet
from edgereg_training.tracking.problem import (
    TrackingProblem,
    batch_of,
    displaced,
    known_maps,
    random_pairs,
    tracking_problem,
)

# By the names of the paper's table: the loss, and step lengths (place, size) to choose from. A
# predicted overlap is flatter than a log density, and needs longer steps.
LOSSES = {"ATOM": "atom", "ATOM*": "atom-star", "EBM": "nll"}
LENGTHS = {
    "atom": ((1e-2, 5e-2), (3e-2, 1e-1), (1e-1, 3e-1)),
    "atom-star": ((1e-2, 5e-2), (3e-2, 1e-1), (1e-1, 3e-1)),
    "nll": ((2e-4, 1e-3), (5e-4, 2e-3), (2e-3, 4e-3)),
}
STEPS, DECAY, PAIRS = 10, 0.5, 192


def train_and_follow(key: Key, data: Path) -> Cell:
    """One training: AUC, OP50, OP75 and the success curve over the test sequences."""
    torch.set_num_threads(1)
    recipe = recipe_of(key, data)
    problem = tracking_problem(recipe)
    name = f"{LOSSES[key['loss']]}-s{key['seed']}-{key['train']}-{key['size']['pairs']}"
    run, model = data / "runs" / name, data / "models" / name
    train(problem, recipe, run, resume=True)
    lengths = best_lengths(problem, run)
    export(run, model, lengths)
    measured = []
    for item in load_sequences(data / key["test"]):
        boxes = follow(item, model, threads=1).boxes
        measured.append(measure_boxes(item.name, boxes, item.boxes, item.present))
    return {
        "auc": float(np.mean([item.auc for item in measured])),
        "op50": float(np.mean([item.overlap_precision(0.5) for item in measured])),
        "op75": float(np.mean([item.overlap_precision(0.75) for item in measured])),
        "success": mean_success(measured).round(4).tolist(),
        "lengths": list(lengths),
    }


def recipe_of(key: Key, data: Path) -> Recipe:
    """The recipe of a key's training."""
    size = key["size"]
    return Recipe(
        problem="tracking",
        seed=key["seed"],
        epochs=size["epochs"],
        batch_size=32,
        ema=0.98,
        optimiser=OptimiserSettings(learning_rate=1.5e-3, warmup_steps=20, gradient_clip=10.0),
        options={
            "train": [str(data / key["train"])],
            "val": [str(data / key["validation"])],
            "cache": str(data),
            "loss": LOSSES[key["loss"]],
            "samples": 64,
            "epoch_pairs": size["pairs"],
            # The same crops for every seed and loss.
            "crops_seed": 0,
        },
    )


def best_lengths(problem: TrackingProblem, run: Path) -> tuple[float, float]:
    """The step lengths that refine validation pairs best."""
    checkpoint = latest_checkpoint(run)
    if checkpoint is None:
        raise TrainingError(f"{run}: nothing was trained")
    net: TrackingNet = problem.build()
    load_weights(net, read_checkpoint(checkpoint).weights)
    net.eval()
    rng = np.random.default_rng(0)
    pairs = random_pairs(problem.val, PAIRS, rng)
    found: dict[tuple[float, float], list[float]] = {}
    with torch.no_grad():
        for first in range(0, PAIRS, 32):
            maps, boxes = known_maps(net, batch_of(problem.val, pairs[first : first + 32]))
            starts = torch.from_numpy(displaced(boxes.numpy(), rng))[:, None]
            for place, size in LENGTHS[problem.options.loss]:
                steps = torch.tensor([place, place, size, size])
                path, _ = refine_boxes(net.energy, maps, starts, steps, DECAY, STEPS)
                iou = float(overlaps(path[:, :, -1], boxes).mean())
                found.setdefault((place, size), []).append(iou)
    return max(found, key=lambda lengths: float(np.mean(found[lengths])))


def export(run: Path, model: Path, lengths: tuple[float, float]) -> None:
    """The model folder of a run, with this ascent."""
    command = [sys.executable, "-m", "edgereg", "export", str(run), str(model), "--force"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrainingError(f"{run}: can't be exported: {done.stderr.strip()[-300:]}")
    written = load_model(model)
    fields = written.spec.model_dump(exclude={"schema_version", "graphs"}, exclude_none=True)
    place, size = lengths
    fields["refinement"] = {
        "steps": STEPS, "step_length": [place, place, size, size], "decay": DECAY,
    }  # fmt: skip
    graphs = {name: written.graph_path(name).read_bytes() for name in written.spec.graphs}
    write_model(model, fields, graphs)
