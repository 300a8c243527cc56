"""Copies go through page-locked memory: asynchronous, reused, bounded, and never the caller's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from edgereg.engines.cache import EngineCache
from edgereg.engines.onnx import OnnxEngine
from edgereg.engines.tensorrt import staging
from edgereg.engines.tensorrt.build import load_tensorrt
from edgereg.engines.tensorrt.cuda import Cuda
from edgereg.engines.tensorrt.staging import Staging


@pytest.fixture
def load(tiny_model: Callable[..., Any], tmp_path: Path) -> Callable[[], tuple[Any, Any]]:
    """load() -> the same graph on the stand-in for TensorRT and on the CPU."""
    path = Path(tiny_model("colour").path) / "predict.onnx"
    cache = EngineCache(tmp_path / "cache", wait_s=5)
    return lambda: (load_tensorrt(path, cache=cache), OnnxEngine(path, threads=1))


def images(batch: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"images": rng.integers(0, 256, (batch, 8, 8, 3), dtype=np.uint8)}


def same(found: Any, expected: Any) -> bool:
    return all(np.array_equal(found[name], array) for name, array in expected.items())


def test_every_copy_is_asynchronous_and_the_memory_is_reused(fake_trt: Any, load: Any) -> None:
    engine, reference = load()
    engine.run(images(4, 0))
    blocks = set(fake_trt.cuda.pinned)
    for seed in range(5):
        assert same(engine.run(images(4, seed)), reference.run(images(4, seed)))
    assert set(fake_trt.cuda.pinned) == blocks
    assert fake_trt.cuda.pageable == 0


def test_results_are_the_callers(fake_trt: Any, load: Any) -> None:
    """Whatever runs later, and also when the engine is gone."""
    engine, reference = load()
    kept = [engine.run(images(2, seed)) for seed in range(5)]
    kept.append(engine.run(images(9, 5)))
    del engine
    assert all(same(kept[seed], reference.run(images(2, seed))) for seed in range(5))
    assert same(kept[5], reference.run(images(9, 5)))
    assert all(array.flags.owndata for found in kept for array in found.values())


def test_inputs_may_change_as_soon_as_they_are_on_their_way(fake_cuda: Any) -> None:
    cuda = Cuda()
    memory, between = cuda.allocate(64), Staging(cuda)
    array = np.arange(8.0)
    between.upload("x", memory, array)
    array[:] = -1
    taken = between.download("y", memory, (8,), np.float64)
    cuda.synchronise()
    assert np.array_equal(taken(), np.arange(8.0))


def test_no_more_is_locked_than_the_limit(fake_trt: Any, load: Any, monkeypatch: Any) -> None:
    """What does not fit is copied from ordinary memory, to the same result."""
    monkeypatch.setattr(Staging.__init__, "__defaults__", (8 * 8 * 3 * 4,))
    engine, reference = load()
    for batch in (1, 4, 16, 2):
        assert same(engine.run(images(batch, batch)), reference.run(images(batch, batch)))
        locked = sum(len(block) for block in fake_trt.cuda.pinned.values())
        assert locked <= 8 * 8 * 3 * 4
    assert fake_trt.cuda.pageable > 0


def test_a_machine_that_locks_no_memory(fake_trt: Any, load: Any, caplog: Any) -> None:
    fake_trt.cuda.locked = 0
    engine, reference = load()
    with caplog.at_level(logging.INFO, logger=staging.__name__):
        for _ in range(3):
            assert same(engine.run(images(3, 1)), reference.run(images(3, 1)))
    assert caplog.text.count("go through ordinary memory") == 1


def test_the_stand_in_sees_memory_that_is_overwritten_too_early(fake_cuda: Any) -> None:
    """What makes the tests above worth something: an asynchronous copy reads late."""
    cuda = Cuda()
    memory, block = cuda.allocate(8), cuda.allocate_pinned(8)
    array = block.view((1,), np.float64)
    array[:] = 1
    cuda.to_device(memory, array)
    array[:] = 2
    cuda.synchronise()
    out = np.zeros(1)
    cuda.to_host(out, memory)
    assert out[0] == 2
