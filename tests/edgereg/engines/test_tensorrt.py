"""The TensorRT engine on a faithful stand-in: right answers, ranges, graphs, and failures.

Nothing here ran on a GPU; what is tested is that the published API is used as it is documented.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from edgereg.core.errors import EngineError
from edgereg.engines.cache import EngineCache
from edgereg.engines.tensorrt.build import load_tensorrt
from edgereg.engines.tensorrt.cuda import Cuda

from .cpu_answers import images, same


def climb(batch: int, steps: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(batch)
    return {
        "features": rng.random((batch, 3), dtype=np.float32),
        "initial": rng.random((batch, 2, 3), dtype=np.float32),
        "step_length": np.ones(3, np.float32),
        "decay": np.asarray(0.5, np.float32),
        "steps": np.asarray(steps, np.int64),
    }


@pytest.mark.parametrize("batch", [1, 3, 16, 17, 40, 0])
def test_it_computes_what_the_cpu_does(
    fake_trt: Any, cache: EngineCache, folder: Path, batch: int
) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for _ in range(3):
        same(engine.run(images(batch)), folder / "predict.onnx", images(batch))
    assert engine.provider == "TensorRT"
    assert engine.inputs == ("images",)


def test_a_shape_set_by_a_number(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    """`steps` lies in the host's memory and sets how long the trajectory is."""
    engine = load_tensorrt(folder / "refine.onnx", cache=cache)
    for steps in (4, 4, 4, 9, 0):
        same(engine.run(climb(2, steps)), folder / "refine.onnx", climb(2, steps))
    assert fake_trt.cuda.launches == 0


def test_a_shape_that_only_the_run_tells(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    fake_trt.late = {"values"}
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (2, 2, 2, 7):
        same(engine.run(images(batch)), folder / "predict.onnx", images(batch))


def test_repeated_shapes_replay_a_graph(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (2, 2, 2, 2, 5, 2, 2, 2):
        inputs = {"images": np.full((batch, 8, 8, 3), 10 * batch, np.uint8)}
        same(engine.run(inputs), folder / "predict.onnx", inputs)
    assert fake_trt.cuda.launches == 3 + 2


def test_what_can_not_be_captured_runs_all_the_same(
    fake_trt: Any, cache: EngineCache, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake_trt.fail = {"capture"}
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    with caplog.at_level(logging.INFO):
        for _ in range(4):
            same(engine.run(images(2)), folder / "predict.onnx", images(2))
    assert caplog.text.count("runs without a CUDA graph") == 1


def test_memory_is_given_back(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    for batch in (1, 4, 16):
        engine.run(images(batch))
    for _ in range(3):
        engine.run(images(16))
    assert fake_trt.cuda.live == 2
    del engine
    assert fake_trt.cuda.blocks == {}
    assert fake_trt.cuda.pinned == {}
    assert fake_trt.cuda.live == 0


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "input 'images' is missing"),
        ({"images": np.zeros((1, 8, 8, 3), np.float32)}, "is float32, the engine takes uint8"),
        ({"images": np.zeros((1, 9, 8, 3), np.uint8)}, "built for [1, 8, 8, 3] to [16, 8, 8, 3]"),
        ({"images": np.zeros((8, 8, 3), np.uint8)}, "has shape [8, 8, 3]"),
    ],
)
def test_inputs_that_do_not_fit(
    fake_trt: Any, cache: EngineCache, folder: Path, inputs: Any, complaint: str
) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    with pytest.raises(EngineError) as caught:
        engine.run(inputs)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    same(engine.run(images(2)), folder / "predict.onnx", images(2))


def test_a_run_that_fails_is_named(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    fake_trt.fail = {"run"}
    with pytest.raises(EngineError, match="the run failed"):
        engine.run(images(1))


def test_too_little_device_memory(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "predict.onnx", cache=cache)
    fake_trt.cuda.room = 100
    with pytest.raises(EngineError, match=r"bytes of device memory can't be had: out of memory"):
        engine.run(images(4))


def test_shapes_that_do_not_go_together(fake_trt: Any, cache: EngineCache, folder: Path) -> None:
    engine = load_tensorrt(folder / "refine.onnx", cache=cache)
    fake_trt.fail = {"infer"}
    with pytest.raises(EngineError, match="can't work out the shapes: dimension 1 of two inputs"):
        engine.run(climb(2))


def test_no_driver(fake_cuda: Any) -> None:
    """cuda-python 12.6, the one for JetPack 6, raises an error of its own."""
    fake_cuda.driver = False
    with pytest.raises(EngineError, match=r"no CUDA driver: Failed to dlopen libcuda\.so\.1"):
        Cuda()


def test_no_device(fake_cuda: Any) -> None:
    fake_cuda.devices = 0
    with pytest.raises(EngineError, match="no CUDA-capable device is detected"):
        Cuda()
