"""The shapes that a compiled engine has to be ready for, from what the model folder says.

TensorRT compiles for a range of each free dimension: the smallest, the one to be fastest at, and
the largest. The inputs are those of the model folder's contract: `images`, the features that
`predict` hands on, `initial`, `grid`, `final`, and the numbers `steps`, `step_length` and `decay`.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np

from edgereg.core.model_spec import InputSpec
from edgereg.engines.onnx import CPU, OnnxEngine, Shape
from edgereg.engines.ranges import Batch, Profile, Triple
from edgereg.models.folder import SPEC_FILE, ModelFolder, load_model

# Free sides of images where the model names no longest one: up to full HD.
LONGEST = 1920
WIDE = 9 / 16
CANDIDATES = (1, 10, 300)
GRID = (1, 1024, 16384)
STEPS = (0, 10, 1000)
OTHERS = (1, 64, 1024)


def profile_of(path: Path, batch: Batch | None = None) -> Profile:
    """The profile of an ONNX file, by the model folder that it lies in (if it lies in one)."""
    batch = batch or Batch()
    engine = OnnxEngine(path, CPU, threads=1)
    images: Triple | None = None
    features: dict[str, Triple] = {}
    steps = STEPS
    if (path.parent / SPEC_FILE).is_file():
        folder = load_model(path.parent)
        images = _images(folder.spec.input)
        if path != folder.graph_path("predict"):
            features = _features(folder, images)
        if folder.spec.refinement is not None:
            steps = (STEPS[0], folder.spec.refinement.steps, STEPS[2])
    shapes = {}
    for name, declared in engine.shapes().items():
        known = images if name == "images" else features.get(name)
        shapes[name] = _triple(name, declared, known, batch)
    values = {"steps": tuple((step,) for step in steps)} if "steps" in shapes else {}
    return Profile(shapes, values, batch.most)  # type: ignore[arg-type]


def _images(spec: InputSpec) -> Triple:
    """Shapes of one image [1, height, width, 3]."""
    step = spec.multiple
    usual = _up(spec.long_side or LONGEST, step)
    longest = _up(max([usual, *spec.sizes.values()]), step)
    short = _up(round(usual * WIDE), step)
    heights = (spec.height,) * 3 if spec.height else (step, short, longest)
    widths = (spec.width,) * 3 if spec.width else (step, usual, longest)
    shapes = [(1, high, wide, 3) for high, wide in zip(heights, widths, strict=True)]
    return shapes[0], shapes[1], shapes[2]


def _up(size: int, step: int) -> int:
    return ceil(size / step) * step


def _features(folder: ModelFolder, images: Triple) -> dict[str, Triple]:
    """Shapes of what `predict` hands on, seen by running it on empty images."""
    predict = OnnxEngine(folder.graph_path("predict"), CPU, threads=1)
    found = [predict.run({predict.inputs[0]: np.zeros(shape, np.uint8)}) for shape in images]
    return {
        name: (found[0][name].shape, found[1][name].shape, found[2][name].shape)
        for name in folder.spec.features
        if name in predict.outputs
    }


def _triple(name: str, declared: Shape, known: Triple | None, batch: Batch) -> Triple:
    """The range of one input's shape; what the graph fixes stays fixed."""
    candidates = {1: CANDIDATES}
    sides = {"initial": candidates, "final": candidates, "grid": {1: GRID}}.get(name, {})
    shapes = []
    for place, size in enumerate((batch.least, batch.usual, batch.most)):
        shape = []
        for axis, extent in enumerate(declared):
            if isinstance(extent, int):
                shape.append(extent)
            elif axis == 0:
                shape.append(size)
            elif known is not None and len(known[place]) == len(declared):
                shape.append(int(known[place][axis]))
            else:
                shape.append(sides.get(axis, OTHERS)[place])
        shapes.append(tuple(shape))
    return shapes[0], shapes[1], shapes[2]
