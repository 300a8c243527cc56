"""AdamW over a network: parameter groups, and its state as flat named tensors."""

from __future__ import annotations

import torch
from torch import nn

from edgereg_training.average import Weights
from edgereg_training.errors import CheckpointError
from edgereg_training.recipe import OptimiserSettings

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def make_optimiser(model: nn.Module, settings: OptimiserSettings) -> torch.optim.AdamW:
    """AdamW; biases, norms and other vectors are not decayed."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        betas=settings.betas,
    )


def optimiser_tensors(model: nn.Module, optimiser: torch.optim.Optimizer) -> Weights:
    """The moments of every trained parameter, as '<moment>.<parameter name>'."""
    tensors: Weights = {}
    for name, parameter in model.named_parameters():
        for moment, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{moment}.{name}"] = value
    return tensors


def restore_optimiser(model: nn.Module, optimiser: torch.optim.Optimizer, tensors: Weights) -> None:
    """Put back what `optimiser_tensors` gave; raises CheckpointError on another network's state."""
    for name, parameter in model.named_parameters():
        if f"exp_avg.{name}" not in tensors:
            continue
        state = {moment: tensors[f"{moment}.{name}"] for moment in _MOMENTS}
        if state["exp_avg"].shape != parameter.shape:
            raise CheckpointError(f"the optimiser's state of '{name}' is of another network")
        for moment in ("exp_avg", "exp_avg_sq"):
            # preserve_format: AdamW's kernels give the same bits only with the same strides.
            state[moment] = torch.empty_like(parameter).copy_(state[moment]).detach()
        optimiser.state[parameter] = state
