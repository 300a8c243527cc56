"""Every method the way a newcomer goes: train, export, run on a real clip; one row of a table each.

    python benchmarks/every_method.py OUT --train HEADS --validation HEADS --clip CLIP
        [--epochs 6] [--methods direct,ebm]

HEADS are folders that `edgereg render heads` wrote. Every step is the command of that name, in a
process of its own, with the method's default settings. OUT keeps the training and model folders,
records, annotated clips and figures; what is there already is not made again, and the table is
printed of all that OUT holds. The script fails where a step fails, a record is not finite, or a
refined energy falls.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from edgereg_exporters.graphs.writer import node_count
from edgereg_training.methods.registry import METHODS

from edgereg.core.regions import Regions
from edgereg.models.folder import ModelFolder, load_model
from edgereg.pipeline.loading import LoadedRegionTask, Loading, load_task
from edgereg.pipeline.refining import ascend
from edgereg.plugins import load_plugins
from edgereg.sources.open import open_source

GRAPHS = ("predict", "refine", "density")
LOW = ("fp16", "int8")
RUNS = 50
RECIPE: dict[str, Any] = {
    "problem": "regression",
    "seed": 1,
    "batch_size": 64,
    "threads": 1,
    "ema": 0.99,
    "optimiser": {
        "learning_rate": 3e-3, "weight_decay": 0.02, "warmup_steps": 100, "gradient_clip": 20.0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What one method came to. mae, refined: of the validation heads, in `unit`; parity: worst
    difference of each graph from torch, of the target's range; loss: of the metric by a lower
    precision, calibrated and measured on the validation heads; nodes: of each graph; yaw: mean
    distance from the bundled model's, in degrees, after refinement; ms: one region, one thread."""

    method: str
    unit: str
    train_s: float
    mae: float
    refined: float | None
    parity: Mapping[str, float]
    loss: Mapping[str, float]
    nodes: Mapping[str, int]
    kilobytes: float
    records: int
    yaw: float | None
    ms: float


def recipe(method: str, options: argparse.Namespace) -> dict[str, Any]:
    """Head pose by this method; points by the one that knows only points."""
    target = "landmarks" if method == "heatmap" else "headpose"
    return {
        **RECIPE,
        "epochs": options.epochs,
        "options": {
            "target": target,
            "train": [str(folder) for folder in options.train],
            "validation": [str(options.validation)],
            "size": 48,
            "backbone": {"name": "edge-xs"},
            "method": {"name": method},
        },
    }


def edgereg(*arguments: object) -> None:
    """A command, its output shown; SystemExit where it fails."""
    done = subprocess.run([sys.executable, "-m", "edgereg", *map(str, arguments)], check=False)
    if done.returncode:
        raise SystemExit(f"edgereg {' '.join(map(str, arguments))}: exit code {done.returncode}")


def follow(method: str, options: argparse.Namespace) -> Row:
    """Train, export and run one method, as far as that is not done."""
    place = options.out / method
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "trained.json").is_file():
        (place / "recipe.yaml").write_text(yaml.safe_dump(recipe(method, options)))
        start = time.monotonic()
        edgereg("train", place / "recipe.yaml", "--out", place / "run")
        seconds = json.dumps({"seconds": time.monotonic() - start})
        (place / "trained.json").write_text(seconds)
    edgereg("export", place / "run", place / "model", "--name", method, "--force")
    for precision in LOW:
        edgereg(
            "export", place / "model", place / precision, "--precision", precision, "--force",
            "--calibration", options.validation, "--data", options.validation,
        )  # fmt: skip
    outputs = [place / "records.jsonl", place / "clip.mp4"]
    edgereg("run", options.clip, *outputs, "--model", place / "model")
    return measure(method, place, options.out / "bundled.jsonl", options.clip)


def measure(method: str, place: Path, bundled: Path, clip: Path) -> Row:
    """The row of a method whose folders are all there."""
    model = load_model(place / "model")
    log = [json.loads(line) for line in (place / "run" / "log.jsonl").read_text().splitlines()]
    best = min(log, key=lambda epoch: float(epoch["mae"]))
    found = [r for r in records(place / "records.jsonl") if r["task"] == model.spec.task]
    require_sound(found, method)
    files = {name: model.graph_path(name) for name in model.spec.graphs}
    pose = model.spec.task == "headpose"
    return Row(
        method=method,
        unit=model.spec.targets[0].unit,
        train_s=json.loads((place / "trained.json").read_text())["seconds"],
        mae=best["mae"],
        refined=best.get("mae_refined"),
        parity={name: parity(model, name) for name in files},
        loss={low: load_model(place / low).spec.metrics[f"{low}_loss"] for low in LOW},
        nodes={name: node_count(onnx.load(file)) for name, file in files.items()},
        kilobytes=sum(file.stat().st_size for file in files.values()) / 1e3,
        records=len(found),
        yaw=yaw_distance(found, list(records(bundled))) if pose else None,
        ms=region_ms(model, clip, found[0]["region"]),
    )


def parity(model: ModelFolder, graph: str) -> float:
    """The worst difference of a graph's outputs from torch."""
    start = f"parity_{graph}_"
    return max(v for name, v in model.spec.metrics.items() if name.startswith(start))


def records(file: Path) -> Iterator[dict[str, Any]]:
    """Of a JSONL file."""
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def require_sound(found: list[dict[str, Any]], method: str) -> None:
    """SystemExit where there is no record, a number that is not finite, or a fallen energy."""
    for record in found:
        numbers = [*record["values"].values(), *(record["std"] or {"none": math.nan}).values()]
        if not all(map(math.isfinite, numbers)):
            raise SystemExit(f"{method}: frame {record['frame']} has values that are not finite")
        energy = record["energy"]
        if energy is not None and energy["final"] < energy["initial"]:
            raise SystemExit(f"{method}: the energy of frame {record['frame']} fell")
    if not found:
        raise SystemExit(f"{method}: no record")


def yaw_distance(found: list[dict[str, Any]], bundled: list[dict[str, Any]]) -> float:
    """Mean |yaw - the bundled model's| over the same regions of the same frames, degrees."""
    known = {_key(r): r["values"]["yaw"] for r in bundled if r["task"] == "headpose"}
    distances = [abs(r["values"]["yaw"] - known[_key(r)]) for r in found if _key(r) in known]
    return float(np.mean(distances))


def _key(record: dict[str, Any]) -> tuple[int, ...]:
    return (record["frame"], *(round(x) for x in record["region"]))


def region_ms(model: ModelFolder, clip: Path, region: list[float]) -> float:
    """Median time of predict and refine for the first region, on one thread."""
    task = load_plugins().tasks()[model.spec.task]
    loaded = load_task(task, Loading({task.name: model.path}, engine="cpu"))
    if not isinstance(loaded, LoadedRegionTask):
        raise SystemExit(f"'{task.name}' is no task on regions")
    source = open_source(clip)
    frame = next(source.frames())
    source.close()
    prepared = loaded.task.prepare(frame, Regions.of_boxes([region]), model.spec)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        outputs = loaded.predict.run({loaded.predict.inputs[0]: prepared.images})
        proposal = loaded.task.propose(outputs, prepared, model.spec)
        if loaded.refine is not None and model.spec.refinement is not None:
            ascend(loaded.refine, proposal, model.spec.refinement, model.spec.refinement.steps)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def show(rows: list[dict[str, Any]]) -> None:
    """The table, in markdown."""
    print(
        "| method | trained, s | validation error | refined "
        "| worst difference from torch: predict, refine, density | nodes of each | kB "
        "| loss by FP16, INT8 | records "
        "| yaw from the bundled model's | a region, ms |"
    )
    print("|" + "---|" * 11)
    for row in rows:
        unit = "°" if row["unit"] == "degree" else f" {row['unit']}"
        cells = [
            f"`{row['method']}`",
            f"{row['train_s']:.0f}",
            f"{row['mae']:.2f}{unit}",
            "" if row["refined"] is None else f"{row['refined']:.2f}{unit}",
            ", ".join(f"{row['parity'][g]:.0e}" if g in row["parity"] else "-" for g in GRAPHS),
            ", ".join(str(row["nodes"].get(g, "-")) for g in GRAPHS),
            f"{row['kilobytes']:.0f}",
            ", ".join(f"{round(100 * row['loss'][low], 2) + 0.0:.2f} %" for low in LOW),
            str(row["records"]),
            "" if row["yaw"] is None else f"{row['yaw']:.1f}°",
            f"{row['ms']:.2f}",
        ]
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    """Make what is missing, print the table of all that is there."""
    parser = argparse.ArgumentParser(description="Every method: train, export, run.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS))
    options = parser.parse_args()
    if not (options.out / "bundled.jsonl").is_file():
        edgereg("run", options.clip, options.out / "bundled.jsonl")
    for method in options.methods:
        row = asdict(follow(method, options))
        (options.out / method / "row.json").write_text(json.dumps(row, indent=1))
    files = [options.out / method / "row.json" for method in METHODS]
    show([json.loads(file.read_text()) for file in files if file.is_file()])


if __name__ == "__main__":
    main()
