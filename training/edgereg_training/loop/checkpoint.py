"""Checkpoints: a folder per epoch, written whole or not at all.

OUT/checkpoints/epoch-0007/   weights.safetensors    what is validated and exported (the average,
                                                     where the recipe asks for one)
                              optimiser.safetensors  moments, and the raw weights where averaged
                              state.json             epochs and steps done, metrics, best so far
                              recipe.yaml

The newest checkpoint's state says which epoch is the best; that one is kept as well.
A checkpoint is written under a temporary name and renamed, so a run that dies while it writes
leaves the former one. Random numbers need no state: every stream is derived from the recipe's
seed and the epoch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from edgereg.core.errors import one_line
from edgereg.core.files import reason
from edgereg.core.json_files import read_json
from edgereg_training.loop.errors import CheckpointError, RecipeError
from edgereg_training.loop.recipe import Recipe, load_recipe, save_recipe
from edgereg_training.loop.weights import Weights

FOLDER = "checkpoints"
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class State:
    """How far a run is: epochs and steps done, the last metrics, the best metric and its epoch."""

    epoch: int
    step: int
    metrics: dict[str, float]
    best: float | None
    best_epoch: int


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint in memory; `optimiser` maps flat names to tensors."""

    state: State
    recipe: Recipe
    weights: Weights
    optimiser: Weights


def write_checkpoint(out: Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Write OUT/checkpoints/epoch-NNNN; keeps the last `keep` and the best, drops the others.

    Raises CheckpointError where it can't be written, on a full disk say; those before stay.
    """
    folder = _folder(out, checkpoint.state.epoch)
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        save_file(_plain(checkpoint.weights), temporary / "weights.safetensors")
        save_file(_plain(checkpoint.optimiser), temporary / "optimiser.safetensors")
        save_recipe(checkpoint.recipe, temporary / "recipe.yaml")
        text = json.dumps(asdict(checkpoint.state), indent=1)
        (temporary / "state.json").write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CheckpointError(
            f"{folder}: can't be written: {reason(error)}; train again with --resume, which goes "
            f"on after {_named(latest_checkpoint(out))}"
        ) from error
    for earlier in _epochs(out)[:-keep]:
        if earlier != _folder(out, checkpoint.state.best_epoch):
            shutil.rmtree(earlier, ignore_errors=True)
    return folder


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint folder.

    Raises CheckpointError where it is not whole, which names the one before, if there is one.
    """
    try:
        return Checkpoint(
            state=read_state(folder),
            recipe=load_recipe(folder / "recipe.yaml"),
            weights=load_file(folder / "weights.safetensors"),
            optimiser=load_file(folder / "optimiser.safetensors"),
        )
    except (OSError, SafetensorError, ValueError, RecipeError) as error:
        raise _damaged(folder, error) from error


def latest_checkpoint(out: Path) -> Path | None:
    """The newest checkpoint of a training folder, or None."""
    found = _epochs(out)
    return found[-1] if found else None


def best_checkpoint(path: Path) -> Path:
    """The folder with the weights to use: `path` itself if a checkpoint, else its best epoch."""
    if (path / "weights.safetensors").is_file():
        return path
    latest = latest_checkpoint(path)
    if latest is None:
        raise CheckpointError(f"{path}: holds no checkpoint; give the folder that train wrote")
    best = _folder(path, read_state(latest).best_epoch)
    return best if best.is_dir() else latest


def read_state(folder: Path) -> State:
    """The state of a checkpoint folder; raises CheckpointError where it can't be read."""
    try:
        return TypeAdapter(State).validate_python(read_json(folder / "state.json"))
    except (OSError, ValueError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> CheckpointError:
    what = one_line(error)
    before = [epoch for epoch in _epochs(folder.parent.parent) if epoch < folder]
    advice = f"; delete it to go on after {_named(before[-1])}" if before else ""
    return CheckpointError(f"{folder}: is not a whole checkpoint ({what}){advice}")


def _named(folder: Path | None) -> str:
    return "nothing yet" if folder is None else folder.name


def load_weights(model: nn.Module, weights: Weights) -> None:
    """Load weights by name; raises CheckpointError where names or shapes differ."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = one_line(error)
        raise CheckpointError(f"these weights are of another network ({reason})") from error


def load_best(folder: Path, build: Callable[[Recipe], Net]) -> tuple[Net, Recipe]:
    """The network of a training folder's best epoch, or of a checkpoint folder, and its recipe.

    It is in evaluation mode and its weights need no gradient. build: a new network as the recipe
    describes it. Raises CheckpointError where the folder is not whole or of another network.
    """
    found = read_checkpoint(best_checkpoint(folder))
    net = build(found.recipe)
    load_weights(net, found.weights)
    return net.eval().requires_grad_(False), found.recipe


def _folder(out: Path, epoch: int) -> Path:
    return out / FOLDER / f"epoch-{epoch:04d}"


def _epochs(out: Path) -> list[Path]:
    found = (out / FOLDER).glob("epoch-*")
    return sorted(folder for folder in found if folder.suffix != ".tmp" and folder.is_dir())


def _plain(weights: Weights) -> Weights:
    # safetensors refuses channels_last strides and shared memory.
    return {
        name: value.detach().clone(memory_format=torch.contiguous_format)
        for name, value in weights.items()
    }
