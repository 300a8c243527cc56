"""The optimiser over a network: its parameter groups, its rate over the run, and its state.

The state is kept as flat named tensors, so that a checkpoint holds nothing but tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase

import torch
from lightning_fabric import Fabric
from torch import nn

from edgereg_training.loop.errors import CheckpointError, RecipeError
from edgereg_training.loop.recipe import OptimiserSettings
from edgereg_training.loop.weights import Weights

# Of Adam and AdamW, of SGD, and of RMSProp.
_MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum_buffer", "square_avg")
_SCALE = "scale."


def freeze(model: nn.Module, frozen: tuple[str, ...]) -> None:
    """Exclude the parameters of these parts from training; RecipeError where there is no such part.

    A part is a module or a parameter of the network by its dotted name, say 'backbone.trunk.0', or
    several by a pattern, say 'backbone.*.bn?'.
    """
    for part in frozen:
        chosen = [p for name, p in model.named_parameters() if belongs(name, part)]
        if not chosen:
            raise RecipeError(f"'frozen': the network has no part '{part}'")
        for parameter in chosen:
            parameter.requires_grad_(False)


def train_mode(model: nn.Module, frozen: tuple[str, ...]) -> None:
    """Put the network into training mode; frozen parts stay in evaluation mode, so that the
    statistics of their norms stay as they are."""
    model.train()
    for name, module in model.named_modules():
        if name and any(belongs(name, part) for part in frozen):
            module.eval()


def belongs(name: str, part: str) -> bool:
    """Whether a dotted name lies in a part of the network, or in one that the pattern names."""
    return fnmatchcase(name, part) or fnmatchcase(name, f"{part}.*")


def make_optimiser(model: nn.Module, settings: OptimiserSettings) -> torch.optim.Optimizer:
    """The recipe's optimiser; vectors (biases, norms) are decayed only where the recipe says so.

    Each group holds its own 'scale', by which the recipe multiplies the learning rate of a part.
    Raises RecipeError where a part does not exist.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    for part in settings.rates:
        if not any(belongs(name, part) for name, _ in named):
            raise RecipeError(f"'rates': the network trains no part '{part}'")
    vectors = settings.weight_decay if settings.decay_vectors else 0.0
    made = []
    for scale in dict.fromkeys(scale_of(name, settings.rates) for name, _ in named):
        own = [p for name, p in named if scale_of(name, settings.rates) == scale]
        matrices = [p for p in own if p.ndim > 1]
        rest = [p for p in own if p.ndim <= 1]
        for chosen, decay in ((matrices, settings.weight_decay), (rest, vectors)):
            if chosen:
                made.append({"params": chosen, "weight_decay": decay, "scale": scale})
    rate = settings.learning_rate
    if settings.name == "sgd":
        return torch.optim.SGD(
            made, lr=rate, momentum=settings.momentum, nesterov=settings.nesterov
        )
    if settings.name == "rmsprop":
        return torch.optim.RMSprop(
            made, lr=rate, alpha=settings.smoothing, momentum=settings.momentum
        )
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(made, lr=rate, betas=settings.betas)


def scale_of(name: str, rates: Mapping[str, float]) -> float:
    """The factor of a parameter's learning rate: that of the innermost part it belongs to."""
    parts = [part for part in rates if belongs(name, part)]
    return rates[max(parts, key=len)] if parts else 1.0


def learning_rate(settings: OptimiserSettings, step: int, total: int) -> float:
    """Learning rate of step `step` (from 0) of a run of `total` steps: a linear warm-up, then
    constant, in steps, or a cosine fall."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    if settings.schedule == "constant":
        fraction = 1.0
    elif settings.schedule == "step":
        passed = sum(step >= share * total for share in settings.milestones)
        fraction = float(settings.decay**passed)
    else:
        span = max(1, total - settings.warmup_steps)
        progress = min(1.0, (step - settings.warmup_steps) / span)
        cosine = 0.5 * (1.0 + math.cos(math.pi * progress))
        fraction = settings.final_fraction + (1.0 - settings.final_fraction) * cosine
    return settings.learning_rate * fraction


def optimiser_tensors(model: nn.Module, optimiser: torch.optim.Optimizer) -> Weights:
    """The moments of every trained parameter, as '<moment>.<parameter name>'."""
    tensors: Weights = {}
    for name, parameter in model.named_parameters():
        for moment, value in optimiser.state.get(parameter, {}).items():
            if value is not None:
                tensors[f"{moment}.{name}"] = value
    return tensors


def restore_optimiser(model: nn.Module, optimiser: torch.optim.Optimizer, tensors: Weights) -> None:
    """Put back what `optimiser_tensors` gave; raises CheckpointError on another network's state."""
    for name, parameter in model.named_parameters():
        found = {m: tensors[f"{m}.{name}"] for m in _MOMENTS if f"{m}.{name}" in tensors}
        for moment, value in found.items():
            if moment == "step":
                continue
            if value.shape != parameter.shape:
                raise CheckpointError(f"the optimiser's state of '{name}' is of another network")
            # preserve_format: the kernels give the same bits only with the same strides.
            found[moment] = torch.empty_like(parameter).copy_(value).detach()
        if found:
            optimiser.state[parameter] = found


def scale_tensors(fabric: Fabric) -> Weights:
    """The gradient scaler's state (of precision fp16; else empty), as 'scale.<name>'."""
    state = fabric.strategy.precision.state_dict()
    return {_SCALE + name: torch.tensor(float(value)) for name, value in state.items()}


def restore_scale(fabric: Fabric, tensors: Weights) -> None:
    """Put back what `scale_tensors` gave."""
    state = fabric.strategy.precision.state_dict()
    found = {name: type(state[name])(tensors[_SCALE + name].item()) for name in state}
    fabric.strategy.precision.load_state_dict(found)
