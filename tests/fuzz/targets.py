"""What is fuzzed: how a file is read, and good files to begin with.

A reading may raise EdgeregError, one line. Anything else is a finding.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.fuzz.media import IMAGES, VIDEOS, make_image, make_video

# A mutated film may claim any number of frames; these are enough of them.
MOST_FRAMES = 60
ROOT = Path(__file__).parents[2]
HEADPOSE = ROOT / "plugins" / "edgereg_headpose" / "models" / "headpose"


@dataclass(frozen=True)
class Target:
    """One kind of file. seeds: good contents by name; read: what edgereg does with such a file."""

    name: str
    text: bool
    seeds: Mapping[str, bytes]
    read: Callable[[Path], None]


def targets(folder: Path, only: str = "") -> list[Target]:
    """All targets that this installation has, whose names begin with `only`. folder: for seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = (_model_json, _graphs, _plugin_state, _bench_record, _recipes, _checkpoints)
    found = [target for make in makers for target in make(folder)]
    found += [*_videos(folder), *_images()]
    return [target for target in found if target.name.startswith(only) and target.seeds]


def _model_json(folder: Path) -> list[Target]:
    def read(path: Path) -> None:
        from edgereg.models.folder import load_model

        home = path.parent / f"{path.stem}-model"
        home.mkdir(exist_ok=True)
        for graph in HEADPOSE.glob("*.onnx"):
            if not (home / graph.name).exists():
                (home / graph.name).hardlink_to(_copy(graph, path.parent))
        (home / "model.json").write_bytes(path.read_bytes())
        load_model(home)

    seeds = {"model.json": (HEADPOSE / "model.json").read_bytes()} if HEADPOSE.is_dir() else {}
    return [Target("model.json", True, seeds, read)]


def _copy(file: Path, folder: Path) -> Path:
    """A copy of a file beside the cases, made once."""
    copy = folder / f"original-{file.name}"
    if not copy.exists():
        copy.write_bytes(file.read_bytes())
    return copy


def _graphs(folder: Path) -> list[Target]:
    """ONNX graphs under a corrected sha256: loaded and run on what they ask for."""

    def read(path: Path) -> None:
        from edgereg.engines.onnx import OnnxEngine
        from edgereg.models.folder import load_model

        content = path.read_bytes()
        fields = json.loads((HEADPOSE / "model.json").read_text(encoding="utf-8"))
        entry = {"file": "predict.onnx", "sha256": hashlib.sha256(content).hexdigest()}
        fields |= {"graphs": {"predict": entry}, "features": []}
        fields.pop("refinement", None)
        home = path.parent / f"{path.stem}-graph"
        home.mkdir(exist_ok=True)
        (home / "predict.onnx").write_bytes(content)
        (home / "model.json").write_text(json.dumps(fields), encoding="utf-8")
        engine = OnnxEngine(load_model(home).graph_path("predict"), threads=1)
        inputs = {}
        for (name, shape), dtype in zip(
            engine.shapes().items(), engine.dtypes().values(), strict=True
        ):
            sides = [side if isinstance(side, int) and 0 < side < 256 else 2 for side in shape]
            if np.prod(sides, dtype=np.float64) < 1e7:
                inputs[name] = np.zeros(sides, dtype)
        engine.run(inputs)

    if importlib.util.find_spec("onnxruntime") is None:
        return []
    seeds = {path.name: path.read_bytes() for path in sorted(HEADPOSE.glob("*.onnx"))}
    return [Target("graph", False, seeds, read)]


def _plugin_state(folder: Path) -> list[Target]:
    def read(path: Path) -> None:
        from edgereg import plugins

        plugins.settings_file = lambda: path
        plugins.read_disabled()

    seeds = {"plugins.json": b'{"disabled": ["age", "tracking"]}\n'}
    return [Target("plugins.json", True, seeds, read)]


def _bench_record(folder: Path) -> list[Target]:
    def read(path: Path) -> None:
        from edgereg.bench.record import read_record

        read_record(path)

    seeds = {"record.json": b'{"version": 2, "machine": {"cpu": "x"}, "rows": [{"graph": "g"}]}'}
    return [Target("record.json", True, seeds, read)]


def _recipes(folder: Path) -> list[Target]:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("yaml") is None:
        return []

    def read(path: Path) -> None:
        from edgereg_training.loop.recipe import load_recipe

        load_recipe(path)

    recipes = ROOT / "training" / "edgereg_training" / "recipes"
    seeds = {path.name: path.read_bytes() for path in sorted(recipes.glob("*.yaml"))}
    return [Target("recipe", True, seeds, read)]


def _checkpoints(folder: Path) -> list[Target]:
    """The weights' header and the state, each mutated in a checkpoint that is whole otherwise."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("yaml") is None:
        return []
    import torch
    from safetensors.torch import save

    weights = save({"a.weight": torch.ones(3, 2), "b": torch.zeros(1)})
    state = b'{"epoch": 3, "step": 30, "metrics": {"loss": 1.0}, "best": 1.0, "best_epoch": 2}'
    recipe = b"problem: regression\nseed: 1\nepochs: 4\nbatch_size: 8\n"
    whole = {
        "weights.safetensors": weights,
        "optimiser.safetensors": weights,
        "state.json": state,
        "recipe.yaml": recipe,
    }

    def reading(name: str) -> Callable[[Path], None]:
        def read(path: Path) -> None:
            from edgereg_training.loop.checkpoint import read_checkpoint

            home = path.parent / f"{path.stem}-checkpoint"
            home.mkdir(exist_ok=True)
            for each, content in whole.items():
                (home / each).write_bytes(path.read_bytes() if each == name else content)
            read_checkpoint(home)

        return read

    return [
        Target(f"checkpoint-{name}", name == "state.json", {name: whole[name]}, reading(name))
        for name in ("weights.safetensors", "state.json")
    ]


def _watch(path: Path) -> None:
    """Open a source and read it, jump in it, and read on."""
    from edgereg.core.errors import EdgeregError
    from edgereg.sources.open import open_source

    source = open_source(path)
    try:
        for count, frame in enumerate(source.frames()):
            frame.image.mean()
            if count >= MOST_FRAMES:
                break
        if source.info.seekable:
            try:
                source.seek(2)
                next(source.frames(), None)
            except EdgeregError:
                return
    finally:
        source.close()


def _videos(folder: Path) -> list[Target]:
    found = []
    for name, kind in VIDEOS.items():
        path = folder / f"{name}{kind.ending}"
        if path.exists() or make_video(kind, path):
            found.append(Target(f"media-{name}", False, {path.name: path.read_bytes()}, _watch))
    return found


def _images() -> list[Target]:
    made = {ending: make_image(ending) for ending in IMAGES}
    return [
        Target(f"media{ending.replace('.', '-')}", False, {f"image{ending}": content}, _watch)
        for ending, content in made.items()
        if content is not None
    ]
