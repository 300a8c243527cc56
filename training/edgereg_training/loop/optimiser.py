"""The optimiser over a network: parameter groups, and its state as flat named tensors."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import nn

from edgereg_training.loop.average import Weights
from edgereg_training.loop.errors import CheckpointError
from edgereg_training.loop.recipe import OptimiserSettings

# Of Adam and AdamW, and of SGD.
_MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum_buffer")
_SCALE = "scale."


def make_optimiser(model: nn.Module, settings: OptimiserSettings) -> torch.optim.Optimizer:
    """The recipe's optimiser; vectors (biases, norms) are decayed only where it says so."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    vectors = settings.weight_decay if settings.decay_vectors else 0.0
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": vectors},
    ]
    groups = [group for group in groups if group["params"]]
    rate = settings.learning_rate
    if settings.name == "sgd":
        return torch.optim.SGD(
            groups, lr=rate, momentum=settings.momentum, nesterov=settings.nesterov
        )
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=rate, betas=settings.betas)


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
