"""The split first layer of an energy head against the concatenating form, at the paper's sizes.

    python benchmarks/split_first_layer.py [--repeats 3] [--threads 1]

Features of 2048, target features of 128, a joint layer of 2048 and a linear one (the authors' head
for age and head pose), 1024 samples an image, 32 images: forward, loss and backward of
W [g_x, g_y] as one matrix product of the concatenation, and as W_x g_x + W_y g_y. The same weights
both times. Ends with 1 where outputs or gradients differ by more than 1e-5, or where the split
form is less than 8 times as fast.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from edgereg_training import ebm
from edgereg_training.target_energy import TargetEnergy
from torch import Tensor

WANTED = 8.0
AGREEMENT = 1e-5
FEATURES, TARGET, HIDDEN, SAMPLES, BATCH = 2048, 128, 2048, 1024, 32
PROPOSAL = ebm.Proposal([[0.1], [2.0]])

Form = Callable[[TargetEnergy, Tensor, Tensor], Tensor]


def split(energy: TargetEnergy, features: Tensor, points: Tensor) -> Tensor:
    """f [B, M] as the package computes it."""
    found: Tensor = energy(features, points)
    return found


def concatenating(energy: TargetEnergy, features: Tensor, points: Tensor) -> Tensor:
    """f [B, M] with the features repeated for every point, as in the paper's figure."""
    repeated = features[:, None].expand(-1, points.shape[1], -1)
    joint = torch.cat([repeated, energy.target(points)], dim=-1)
    weight = torch.cat([energy.from_features.weight, energy.from_target.weight], dim=1)
    first = torch.nn.functional.linear(joint, weight, energy.from_features.bias)
    found: Tensor = energy.trunk(energy.activation(first))[..., 0]
    return found


FORMS: dict[str, Form] = {"split": split, "concatenating": concatenating}


def inputs() -> tuple[TargetEnergy, Tensor, Tensor]:
    """An energy, features [B, 2048] and targets [B, 1] from a fixed seed."""
    torch.manual_seed(0)
    energy = TargetEnergy(FEATURES, (0.0,), (1.0,), TARGET, HIDDEN, trunk_layers=0)
    return energy, torch.randn(BATCH, FEATURES, requires_grad=True), torch.randn(BATCH, 1)


def step(form: Form, energy: TargetEnergy, features: Tensor, targets: Tensor) -> list[Tensor]:
    """The loss of one training step and its gradients, those of the features first."""
    generator = torch.Generator().manual_seed(1)
    loss = ebm.nll(partial(form, energy, features), PROPOSAL, targets, SAMPLES, generator)
    return [loss.detach(), *torch.autograd.grad(loss, [features, *energy.parameters()])]


def difference() -> float:
    """Largest difference of f, of the loss and of any gradient, against the largest of each."""
    energy, features, targets = inputs()
    points = targets[:, None] + PROPOSAL.sample((BATCH, SAMPLES), torch.Generator().manual_seed(2))
    with torch.no_grad():
        pairs = [tuple(form(energy, features, points) for form in FORMS.values())]
    pairs += zip(*(step(form, energy, features, targets) for form in FORMS.values()), strict=True)
    return max(((a - b).abs().max() / b.abs().max().clamp(min=1)).item() for a, b in pairs)


def seconds(repeats: int) -> dict[str, list[float]]:
    """Times of interleaved steps, after one of each that does not count."""
    given = inputs()
    times: dict[str, list[float]] = {name: [] for name in FORMS}
    for repeat in range(repeats + 1):
        for name, form in FORMS.items():
            start = time.perf_counter()
            step(form, *given)
            if repeat:
                times[name].append(time.perf_counter() - start)
    return times


def memory(name: str) -> float:
    """MiB by which one step raises the peak of a fresh process."""
    command = [sys.executable, __file__, "--memory", name]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(found.stdout)


def _peak() -> float:
    """MiB, of this process alone (getrusage's figure begins with its parent's). Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _report_memory(name: str) -> None:
    energy, features, targets = inputs()
    before = _peak()
    step(FORMS[name], energy, features, targets)
    print(_peak() - before)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", choices=list(FORMS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory:
        _report_memory(options.memory)
        return 0
    differ = difference()
    medians = {name: float(np.median(t)) for name, t in seconds(options.repeats).items()}
    print("| form | forward + backward, ms | memory, MiB |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {1e3 * median:.0f} | {memory(name):.0f} |")
    ratio = medians["concatenating"] / medians["split"]
    print(f"\n{ratio:.1f} times as fast; largest difference {differ:.0e}")
    return int(not (ratio >= WANTED and differ <= AGREEMENT))


if __name__ == "__main__":
    sys.exit(main())
