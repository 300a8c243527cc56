"""The split first layer of an energy head against the concatenating form, at the paper's sizes.

    python benchmarks/split_first_layer.py [--repeats 3]

Features of 2048, target features of 128, a joint layer of 2048 and a linear one (the authors' head
for age and head pose), 1024 samples an image, 32 images: forward, loss and backward of
W [g_x, g_y] as one matrix product of the concatenation, and as W_x g_x + W_y g_y. The same weights
both times, on one thread, in processor time. Ends with 1 where outputs or gradients differ by more
than 1e-5, or where the split form is less than 8 times as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from edgereg_training.methods.ebm import likelihood as ebm
from edgereg_training.methods.ebm.target_energy import TargetEnergy
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
    energy = TargetEnergy(FEATURES, (0.0,), (1.0,), (TARGET, TARGET), HIDDEN, 0, "relu")
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
    """Processor time of interleaved steps, after one of each that does not count."""
    given = inputs()
    times: dict[str, list[float]] = {name: [] for name in FORMS}
    for repeat in range(repeats + 1):
        for name, form in FORMS.items():
            start = time.process_time()
            step(form, *given)
            if repeat:
                times[name].append(time.process_time() - start)
    return times


def child(arguments: list[str], kept: bool) -> str:
    """What a fresh process of this script prints. kept: its C library keeps freed memory, as
    allocators made for tensors do; otherwise every large tensor's pages come anew from the system.
    """
    large = {"MALLOC_MMAP_THRESHOLD_": str(2**33), "MALLOC_TRIM_THRESHOLD_": str(2**34)}
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, **(large if kept else {})}
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return found.stdout


def _peak() -> float:
    """MiB, of this process alone (getrusage's figure begins with its parent's). Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _report_memory(name: str) -> None:
    given = inputs()
    before = _peak()
    step(FORMS[name], *given)
    print(_peak() - before)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", choices=list(FORMS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory:
        _report_memory(options.memory)
        return 0
    if options.seconds:
        print(json.dumps(seconds(options.repeats)))
        return 0
    differ = difference()
    repeats = ["--seconds", "--repeats", str(options.repeats)]
    times = [json.loads(child(repeats, kept)) for kept in (True, False)]
    kept, fresh = ({name: float(np.median(t)) for name, t in each.items()} for each in times)
    print("| form | memory kept, ms | memory fresh, ms | peak, MiB |\n|---|---|---|---|")
    for name in FORMS:
        peak = float(child(["--memory", name], False))
        print(f"| {name} | {1e3 * kept[name]:.0f} | {1e3 * fresh[name]:.0f} | {peak:.0f} |")
    ratio = kept["concatenating"] / kept["split"]
    slower = fresh["concatenating"] / fresh["split"]
    print(f"\n{ratio:.1f} times as fast ({slower:.1f} with fresh memory); differ by {differ:.0e}")
    return int(not (ratio >= WANTED and differ <= AGREEMENT))


if __name__ == "__main__":
    sys.exit(main())
