"""The ONNX Runtime engine: right answers, and one line for each thing that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.core.arrays import DeviceArray
from edgereg.core.errors import EngineError
from edgereg.engines import onnx
from edgereg.engines.onnx import OnnxEngine, _line


@pytest.fixture
def engine(tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]) -> OnnxEngine:
    path = tmp_path / "predict.onnx"
    path.write_bytes(tiny_graphs["predict"]())
    return OnnxEngine(path, threads=1)


def images(batch: int = 2) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (batch, 5, 7, 3), dtype=np.uint8)


def test_it_computes(engine: OnnxEngine) -> None:
    found = engine.run({"images": images()})
    assert np.allclose(found["values"], images().mean(axis=(1, 2)), atol=1e-3)
    assert engine.inputs == ("images",)
    assert engine.outputs == ("values", "features")
    assert engine.provider == "CPUExecutionProvider"


def test_a_view_is_taken(engine: OnnxEngine) -> None:
    flipped = images()[:, ::-1, ::-1]
    assert np.allclose(engine.run({"images": flipped})["values"], images().mean(axis=(1, 2)))


def test_an_empty_batch_never_reaches_the_graph(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Untouchable:
        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(engine, "_session", Untouchable())
    found = engine.run({"images": images(0)})
    assert found["values"].shape == (0, 3)
    assert found["values"].dtype == np.float32


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "input 'images' is missing"),
        ({"images": images().astype(np.float32)}, "is float32, the graph takes tensor"),
        ({"images": images()[0]}, "has shape"),
        ({"images": images()[..., :2]}, "declared is [?, ?, ?, 3]"),
    ],
)
def test_inputs_that_do_not_fit(
    engine: OnnxEngine, inputs: dict[str, np.ndarray], complaint: str
) -> None:
    with pytest.raises(EngineError) as caught:
        engine.run(inputs)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_output_of_the_wrong_shape_is_named(
    tmp_path: Path, make_graph: Callable[..., bytes]
) -> None:
    path = tmp_path / "odd" / "predict.onnx"
    path.parent.mkdir()
    nodes = [("Reshape", ["x", "shape"], ["y"])]
    takes = [("x", "FLOAT", ["n"]), ("shape", "INT64", [2])]
    path.write_bytes(make_graph(nodes, takes, [("y", "FLOAT", ["m", 3])], {}))
    inputs = {"x": np.zeros(4, np.float32), "shape": np.array([2, 2])}
    with pytest.raises(EngineError, match=r"odd/predict\.onnx .*'y' has shape \[2, 2\]"):
        OnnxEngine(path).run(inputs)


def test_a_graph_that_fails_is_one_line(tmp_path: Path, make_graph: Callable[..., bytes]) -> None:
    path = tmp_path / "sum.onnx"
    io = [("a", "FLOAT", ["n"]), ("b", "FLOAT", ["m"])]
    path.write_bytes(make_graph([("Add", ["a", "b"], ["y"])], io, [("y", "FLOAT", ["k"])], {}))
    with pytest.raises(EngineError, match="failed") as caught:
        OnnxEngine(path).run({"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_a_damaged_graph_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match="can't load the graph") as caught:
        OnnxEngine(path)
    assert "\n" not in str(caught.value)


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="is not in this ONNX Runtime; it has"):
        OnnxEngine(tmp_path / "any.onnx", "MadeUpExecutionProvider")


@pytest.fixture
def numbers() -> dict[str, np.ndarray]:
    return {
        "initial": np.zeros((2, 1, 3), np.float32),
        "step_length": np.ones(3, np.float32),
        "decay": np.asarray(0.5, np.float32),
        "steps": np.asarray(3, np.int64),
    }


@pytest.fixture
def refine(tmp_path: Path, tiny_graphs: dict[str, Callable[[], bytes]]) -> OnnxEngine:
    path = tmp_path / "refine.onnx"
    path.write_bytes(tiny_graphs["refine"]())
    return OnnxEngine(path, threads=1)


@pytest.fixture
def cpu_as_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime's bindings work on the CPU as on any device: the same path, without one."""
    monkeypatch.setattr(onnx, "DEVICES", {onnx.CPU: "cpu"})


def test_the_cpu_keeps_nothing(engine: OnnxEngine) -> None:
    assert engine.device is None
    found = engine.run_keeping({"images": images()}, ["features"])
    assert all(isinstance(value, np.ndarray) for value in found.values())


@pytest.mark.usefixtures("cpu_as_device")
def test_outputs_can_stay_where_they_were_computed(
    engine: OnnxEngine, refine: OnnxEngine, numbers: dict[str, np.ndarray]
) -> None:
    plain = engine.run({"images": images()})
    kept = engine.run_keeping({"images": images()}, ["features"])
    assert isinstance(kept["values"], np.ndarray)
    assert np.array_equal(kept["values"], plain["values"])
    features = kept["features"]
    assert isinstance(features, DeviceArray)
    assert (features.device, features.shape, features.dtype) == ("onnxruntime cpu", (2, 3), "f4")
    assert np.array_equal(features[1:], plain["features"][1:])
    expected = refine.run({"features": plain["features"], **numbers})
    climbed = refine.run({"features": features, **numbers})
    for name, array in expected.items():
        assert isinstance(climbed[name], np.ndarray)
        assert np.array_equal(climbed[name], array)


@pytest.mark.usefixtures("cpu_as_device")
def test_a_later_run_does_not_change_what_was_kept(engine: OnnxEngine) -> None:
    kept = engine.run_keeping({"images": images()}, ["features"])["features"]
    before = np.array(kept)
    engine.run_keeping({"images": 255 - images()}, ["features"])
    assert np.array_equal(kept, before)


@pytest.mark.usefixtures("cpu_as_device")
def test_a_value_of_another_device_is_copied(
    engine: OnnxEngine, refine: OnnxEngine, numbers: dict[str, np.ndarray]
) -> None:
    features = engine.run({"images": images()})["features"]
    copied = []

    def fetch(value: np.ndarray) -> np.ndarray:
        copied.append(value)
        return value

    there = DeviceArray(features, "elsewhere", features.shape, features.dtype, fetch)
    expected = refine.run({"features": features, **numbers})["trajectory"]
    assert np.array_equal(refine.run({"features": there, **numbers})["trajectory"], expected)
    assert len(copied) == 1


@pytest.mark.usefixtures("cpu_as_device")
def test_what_is_on_the_device_is_checked_too(
    engine: OnnxEngine, refine: OnnxEngine, numbers: dict[str, np.ndarray]
) -> None:
    kept = engine.run_keeping({"images": images()}, ["features", "values"])
    with pytest.raises(EngineError, match="input 'images' is missing"):
        engine.run_keeping({}, ["features"])
    with pytest.raises(EngineError, match="input 'steps' is float32"):
        refine.run({"features": kept["features"], **numbers, "steps": kept["values"]})
    with pytest.raises(EngineError, match="failed"):
        refine.run({"features": kept["features"], **numbers, "initial": np.zeros((3, 1, 3), "f4")})
    nothing = engine.run_keeping({"images": images(0)}, ["features"])
    assert nothing["features"].shape == (0, 3)


def test_a_providers_own_words_stand_last() -> None:
    nested = RuntimeError("FAIL : a.cc:1 void ns::load()\nException from b.cpp:2:\nno K\n")
    assert _line(nested) == "no K"
    assert _line(RuntimeError("INVALID : no such input\nmore")) == "INVALID : no such input"
    assert _line(RuntimeError()) == "RuntimeError"
