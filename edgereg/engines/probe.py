"""Inputs to try a graph with: what its model folder would give it, else noise that fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.profile import profile_of
from edgereg.engines.ranges import Profile
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model

Probe: TypeAlias = Mapping[str, npt.NDArray[Any]]

# Free sides where no profile says how long they usually are.
FREE = 64
# How far points lie from what `predict` returned, as a share of it.
JITTER = 0.1


def probe_of(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Inputs for an ONNX file; noise, made plausible by the model folder that it lies in.

    `refine`, `density` and `spread` then look near what `predict` returns for a noisy image: boxes
    without extent, or points far from any, would come out alike from a right and a wrong engine.
    """
    noise = make_probe(OnnxEngine(path, CPU, threads=1), profile_of(path))
    if not (path.parent / SPEC_FILE).is_file():
        return noise
    folder = load_model(path.parent)
    return noise if path == folder.graph_path("predict") else _plausible(folder, noise)


def make_probe(engine: OnnxEngine, profile: Profile | None = None) -> dict[str, npt.NDArray[Any]]:
    """Noise that fits the graph.

    Shapes are the profile's usual ones; without it batch 1 and 64 for every other free dimension.
    A whole number of no dimension (how many steps) is 2.
    """
    rng = np.random.default_rng(0)
    dtypes = engine.dtypes()
    probe: dict[str, npt.NDArray[Any]] = {}
    for name, declared in engine.shapes().items():
        shape: Sequence[int] = [
            size if isinstance(size, int) else (1 if axis == 0 else FREE)
            for axis, size in enumerate(declared)
        ]
        if profile is not None:
            shape = profile.shapes[name][1]
        noise = rng.random(shape)
        if np.issubdtype(dtypes[name], np.integer):
            noise = np.asarray(noise * 255 if shape else 2)
        probe[name] = np.asarray(noise).astype(dtypes[name])
    return probe


def _plausible(folder: ModelFolder, noise: Probe) -> dict[str, npt.NDArray[Any]]:
    """`noise` with the features, points and numbers that the model's other graphs imply."""
    path = folder.graph_path("predict")
    predict = OnnxEngine(path, CPU, threads=1)
    found = predict.run(make_probe(predict, profile_of(path)))
    known: dict[str, Any] = {name: found[name] for name in folder.spec.features if name in found}
    points = _points(found, folder)
    for name in {"initial", "grid", "final"} & set(noise):
        if points is not None:
            known[name] = np.resize(points, noise[name].shape) * (1 + JITTER * (noise[name] - 0.5))
    if folder.spec.refinement is not None:
        known |= {key: getattr(folder.spec.refinement, key) for key in ("step_length", "decay")}
    return {
        name: np.asarray(known[name], array.dtype) if name in known else array
        for name, array in noise.items()
    }


def _points(found: Probe, folder: ModelFolder) -> npt.NDArray[Any] | None:
    """What `predict` returned as targets [..., D]: its first output of that width."""
    width = len(folder.spec.targets)
    names = [
        name
        for name, array in found.items()
        if name not in folder.spec.features and array.ndim and array.shape[-1] == width
    ]
    return found[names[0]] if names else None
