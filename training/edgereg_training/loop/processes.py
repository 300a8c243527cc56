"""Devices, precision and processes of a run: Lightning Fabric, as a recipe asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor, nn

from edgereg.core.errors import one_line
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.recipe import Recipe

Batch = TypeVar("Batch")
_PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def make_fabric(recipe: Recipe) -> Fabric:
    """The launched Fabric of a recipe: one process, or `devices` of them under DDP.

    Further processes are started here as copies of the running command, unless torchrun has done
    so. Raises TrainingError where the device is not there or can't compute in this precision.
    """
    if recipe.precision == "fp16" and recipe.accelerator == "cpu":
        raise TrainingError("precision fp16 needs a GPU: set 'accelerator: cuda', or take bf16")
    if recipe.batch_size % recipe.devices:
        raise TrainingError(
            f"a batch of {recipe.batch_size} can't be shared equally by {recipe.devices} devices"
        )
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    # Heads may have parameters that one loss does not reach.
    strategy = DDPStrategy(find_unused_parameters=True) if recipe.devices > 1 else "auto"
    try:
        fabric = Fabric(
            accelerator=recipe.accelerator,
            devices=recipe.devices,
            strategy=strategy,
            precision=_PRECISIONS[recipe.precision],  # type: ignore[arg-type]
        )
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        reason = one_line(error)
        raise TrainingError(
            f"can't train on {recipe.devices} device(s) of '{recipe.accelerator}' ({reason})"
        ) from error
    if recipe.devices > 1:
        fabric.launch()
    return fabric


class Step(nn.Module):
    """A network whose `forward` runs a given task on it.

    Fabric's precision and DDP's gradient exchange act on a forward call; a loss calls several of
    the network's methods, so the loss as a whole is that call. The task is opaque to Fabric, which
    would otherwise round the batch to half precision.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, task: Callable[[nn.Module], dict[str, Tensor]]) -> dict[str, Tensor]:
        """What the task gives."""
        return task(self.network)


def share(batch: Batch, index: int, count: int) -> Batch:
    """The index-th of `count` equal parts of a batch: its arrays and tensors cut along axis 0.

    A batch is an array, a tensor, or a tuple, list, mapping or dataclass of batches. Raises
    TrainingError where it is something else or can't be cut equally.
    """
    if count == 1:
        return batch
    cut: Any = _cut(batch, index, count)
    return cut  # type: ignore[no-any-return]


def _cut(batch: Any, index: int, count: int) -> Any:
    if isinstance(batch, np.ndarray | Tensor):
        size, rest = divmod(len(batch), count)
        if rest:
            raise TrainingError(f"a batch of {len(batch)} can't be cut into {count} equal parts")
        return batch[index * size : (index + 1) * size]
    if isinstance(batch, tuple | list):
        parts = [_cut(part, index, count) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    if isinstance(batch, Mapping):
        return {key: _cut(part, index, count) for key, part in batch.items()}
    if is_dataclass(batch) and not isinstance(batch, type):
        cut = {f.name: _cut(getattr(batch, f.name), index, count) for f in fields(batch)}
        return replace(batch, **cut)
    raise TrainingError(f"several devices: a batch that holds {type(batch).__name__} can't be cut")


def mean_over_processes(fabric: Fabric, values: dict[str, float]) -> dict[str, float]:
    """The mean of each number over the processes."""
    if fabric.world_size == 1:
        return values
    joined = fabric.all_reduce(torch.tensor(list(values.values()), dtype=torch.float64))
    return dict(zip(values, joined.tolist(), strict=True))  # type: ignore[union-attr]
