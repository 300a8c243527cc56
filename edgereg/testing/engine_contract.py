"""What holds for every engine: the same answers as any other, EngineError for what it can't do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from edgereg.core.errors import EngineError
from edgereg.engines.base import Engine
from edgereg.testing.installed import installed


class EngineContract:
    """What holds for every engine: inherit it, and name one as `--engine` takes it.

    class TestContract(EngineContract):
        engine = "reference"
    """

    engine: ClassVar[str]

    def load(self, path: Path) -> Engine:
        """A graph in the engine."""
        return installed().engines()[self.engine].load(path, 1)

    @pytest.fixture
    def loaded(self, tmp_path: Path) -> Engine:
        """The mean colour of images, and their brightest value."""
        return self.load(colours(tmp_path / "colours.onnx"))

    @pytest.mark.parametrize("shape", [(1, 4, 6, 3), (5, 4, 6, 3), (1, 37, 3, 3)])
    def test_a_graph_is_computed(self, loaded: Engine, shape: tuple[int, ...]) -> None:
        """Any batch and size, one after the other."""
        assert loaded.inputs == ("images",)
        assert loaded.outputs == ("values", "brightest")
        images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        before = images.copy()
        for _ in range(2):
            found = loaded.run({"images": images})
            np.testing.assert_allclose(found["values"], images.mean((1, 2)), rtol=1e-4)
            np.testing.assert_array_equal(found["brightest"], images.max((1, 2, 3)))
        np.testing.assert_array_equal(images, before)

    def test_answers_stay_as_they_are(self, loaded: Engine) -> None:
        """A later run does not write into what an earlier one gave."""
        dark, bright = (np.full((1, 4, 4, 3), level, np.uint8) for level in (10, 200))
        first = loaded.run({"images": dark})
        loaded.run({"images": bright})
        np.testing.assert_allclose(first["values"], [[10, 10, 10]], rtol=1e-4)

    def test_another_thread_may_ask(self, loaded: Engine) -> None:
        """Each frame may come from a thread of its own."""
        found: list[npt.NDArray[Any]] = []
        images = np.full((1, 4, 4, 3), 77, np.uint8)
        asking = threading.Thread(
            target=lambda: found.append(loaded.run({"images": images})["values"])
        )
        asking.start()
        asking.join(30)
        np.testing.assert_allclose(found, [[[77, 77, 77]]], rtol=1e-4)

    def test_wrong_inputs_are_refused(self, loaded: Engine) -> None:
        """EngineError, and afterwards it still computes."""
        images = np.full((1, 4, 4, 3), 5, np.uint8)
        for wrong in ({}, {"images": images[0]}, {"pictures": images}):
            with pytest.raises(EngineError):
                loaded.run(wrong)
        np.testing.assert_allclose(loaded.run({"images": images})["values"], [[5] * 3], rtol=1e-4)

    def test_what_is_no_graph_is_refused(self, tmp_path: Path) -> None:
        """EngineError that names the file."""
        (tmp_path / "no.onnx").write_bytes(b"no graph")
        for name in ("no.onnx", "gone.onnx"):
            with pytest.raises(EngineError, match=name):
                self.load(tmp_path / name)


def colours(path: Path) -> Path:
    """Write a graph: images uint8 [B, H, W, 3] -> values float32 [B, 3], their means, and
    brightest float32 [B]."""
    from onnx import TensorProto, helper, save

    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["B", "H", "W", 3])
    values = helper.make_tensor_value_info("values", TensorProto.FLOAT, ["B", 3])
    brightest = helper.make_tensor_value_info("brightest", TensorProto.FLOAT, ["B"])
    places = helper.make_tensor("places", TensorProto.INT64, [2], [1, 2])
    everything = helper.make_tensor("everything", TensorProto.INT64, [3], [1, 2, 3])
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels", "places"], ["values"], keepdims=0),
        helper.make_node("ReduceMax", ["pixels", "everything"], ["brightest"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "colours", [images], [values, brightest], [places, everything])
    opset = helper.make_opsetid("", 18)
    save(helper.make_model(graph, ir_version=10, opset_imports=[opset]), path)
    return path
