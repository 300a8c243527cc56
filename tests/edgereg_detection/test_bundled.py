"""The bundled model: whole, small, and silent where nobody is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg_detection.task import Detection

import edgereg
from edgereg.core.frames import Frame
from edgereg.core.geometry import box_iou
from edgereg.demo.clip import CLIP, load_truth, match
from edgereg.pipeline.loading import LoadedTask, Loading, load_task
from edgereg.pipeline.refining import ascend
from edgereg.sources.open import open_source

TASK = Detection()


@pytest.fixture(scope="module")
def loaded() -> LoadedTask:
    return load_task(TASK, Loading(engine="CPUExecutionProvider"))


def test_it_is_small_and_complete(loaded: LoadedTask) -> None:
    sizes = [file.stat().st_size for file in loaded.model.path.glob("*.onnx")]
    assert max(sizes) < 6_000_000
    assert {"predict", "refine", "density", "spread"} == set(loaded.spec.graphs)
    assert (loaded.model.path / "README.md").is_file()


@pytest.mark.parametrize("size", [(270, 480), (480, 640), (65, 33)])
def test_any_frame_gives_500_candidates(loaded: LoadedTask, size: tuple[int, int]) -> None:
    prepared = TASK.prepare(Frame(0, 0.0, np.full((*size, 3), 120, np.uint8)), None, loaded.spec)
    outputs = loaded.predict.run({"images": prepared.images})
    assert outputs["boxes"].shape == (1, 500, 4)
    assert np.isfinite(outputs["scores"]).all()


def test_an_empty_grey_frame_has_no_heads(loaded: LoadedTask) -> None:
    frame = Frame(0, 0.0, np.full((270, 480, 3), 120, np.uint8))
    prepared = TASK.prepare(frame, None, loaded.spec)
    outputs = loaded.predict.run({"images": prepared.images})
    proposal = TASK.propose(outputs, prepared, loaded.spec)
    assert proposal.initial.shape == (1, 0, 4)


def found(loaded: LoadedTask, image: np.ndarray) -> np.ndarray:
    """Boxes [K, 4] in image pixels, not refined."""
    prepared = TASK.prepare(Frame(0, 0.0, image), None, loaded.spec)
    proposal = TASK.propose(loaded.predict.run({"images": prepared.images}), prepared, loaded.spec)
    boxes = TASK.conclude(proposal, None, prepared, loaded.spec).boxes
    assert boxes is not None
    return boxes


def test_a_head_that_fills_the_picture_is_found(loaded: LoadedTask) -> None:
    source = open_source(CLIP)
    image = next(iter(source.frames())).image
    source.close()
    heads = found(loaded, image)
    assert len(heads) == 3
    for x1, y1, x2, y2 in heads:
        margin = 0.05 * (y2 - y1)
        left, top = int(x1 - margin), int(y1 - margin)
        part = image[max(top, 0) : int(y2 + margin), max(left, 0) : int(x2 + margin)]
        scale = 480 / max(part.shape[:2])
        close = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        corner = np.array([max(left, 0), max(top, 0)])
        held = (np.array([[x1, y1], [x2, y2]]) - corner) * scale
        held = held.clip(0, close.shape[1::-1]).reshape(1, 4)
        assert box_iou(found(loaded, close), held).max(initial=0) > 0.7


def test_refinement_never_loses_energy(loaded: LoadedTask) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (270, 480, 3), dtype=np.uint8)
    spec = loaded.spec.model_copy(update={"settings": {"score_threshold": 0.0}})
    prepared = TASK.prepare(Frame(0, 0.0, noise), None, spec)
    proposal = TASK.propose(loaded.predict.run({"images": prepared.images}), prepared, spec)
    assert loaded.refine is not None
    assert spec.refinement is not None
    climb = ascend(loaded.refine, proposal, spec.refinement, 5)
    assert climb.trajectory.shape == (proposal.initial.shape[1], 6, 4)
    assert (np.diff(climb.energy, axis=1) >= -1e-4).all()


def test_boxes_say_how_sure_they_are() -> None:
    inside = []
    for result, heads in zip(edgereg.stream(CLIP, tasks="detection"), load_truth(), strict=True):
        found = result["detection"]
        truth = np.stack([head.box for head in heads])
        height = (found.values[:, 3] - found.values[:, 1])[:, None]
        assert (found.std > 0.002 * height).all()
        assert (found.std < 0.4 * height).all()
        for true, row in match(truth, found.values):
            inside.append(np.abs(found.values[row] - truth[true]) <= 1.645 * found.std[row])
    low, high = found[0].interval("y2")
    assert low < found[0]["y2"] < high
    assert 0.75 < np.mean(inside) < 0.99
