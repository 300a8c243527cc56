"""A graph that never ends is ended; the others run on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edgereg.core.errors import EngineError
from edgereg.engines import watchdog

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from edgereg.engines.onnx import OnnxEngine  # noqa: E402 - after the question whether it can


def endless(path: Path) -> Path:
    """x is doubled for ever."""
    helper, kind = onnx.helper, onnx.TensorProto
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still_going"]),
            helper.make_node("Add", ["x_in", "x_in"], ["x_out"]),
        ],
        "body",
        [
            value("turn", kind.INT64, []),
            value("going", kind.BOOL, []),
            value("x_in", kind.FLOAT, [1]),
        ],
        [value("still_going", kind.BOOL, []), value("x_out", kind.FLOAT, [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["", "yes", "x"], ["y"], body=body)],
        "endless",
        [value("x", kind.FLOAT, [1])],
        [value("y", kind.FLOAT, [1])],
        [onnx.numpy_helper.from_array(np.array(True), "yes")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def test_an_endless_graph_is_ended_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "RUN_LIMIT_S", 0.3)
    engine = OnnxEngine(endless(tmp_path / "endless.onnx"), threads=1)
    one = {"x": np.ones(1, np.float32)}
    with pytest.raises(EngineError, match=r"came to no end within 0\.3 s and was ended"):
        engine.run(one)
    began = time.monotonic()
    with pytest.raises(EngineError, match="is not run again"):
        engine.run(one)
    assert time.monotonic() - began < 0.2


def test_one_thread_watches_them_all() -> None:
    ended: list[int] = []
    quick, slow = watchdog.Limit.of(60, lambda: ended.append(1)), None
    with watchdog.watching(quick):
        slow = watchdog.Limit.of(0.05, lambda: ended.append(2))
        with watchdog.watching(slow):
            deadline = time.monotonic() + 10
            while not slow.passed and time.monotonic() < deadline:
                time.sleep(0.02)
    assert ended[:1] == [2]
    assert not quick.passed
    assert [thread.name for thread in threading.enumerate()].count("watchdog") == 1
