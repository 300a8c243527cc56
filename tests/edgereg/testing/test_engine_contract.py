"""The contract of engines holds for the bundled one, and fails for careless ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import EngineError
from edgereg.testing import EngineContract
from edgereg.testing.engine_contract import colours

pytest.importorskip("onnxruntime")


class TestCpu(EngineContract):
    engine = "cpu"


class Careless(EngineContract):
    """Writes each answer into the same array, and takes whatever it is given."""

    __test__ = False
    provider = "careless"
    inputs = ("images",)
    outputs = ("values", "brightest")

    def __init__(self) -> None:
        self.values = np.zeros((1, 3), np.float32)

    def load(self, path: Path) -> Any:
        return self

    def run(self, inputs: Any) -> Any:
        images = inputs.get("images", np.zeros((1, 4, 4, 3), np.uint8))
        self.values[:] = images.mean()
        return {"values": self.values, "brightest": images.reshape(len(images), -1).max(1)}


def test_answers_that_are_written_over_break_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Careless().test_answers_stay_as_they_are(Careless().load(tmp_path))


def test_inputs_that_are_not_checked_break_it(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        Careless().test_wrong_inputs_are_refused(Careless().load(tmp_path))


def test_an_error_without_the_file_breaks_it(tmp_path: Path) -> None:
    class Nameless(EngineContract):
        def load(self, path: Path) -> Any:
            raise EngineError("can't be read")

    with pytest.raises(AssertionError, match=r"no\.onnx"):
        Nameless().test_what_is_no_graph_is_refused(tmp_path)


def test_the_graph_is_one(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(onnx.load(colours(tmp_path / "colours.onnx")), full_check=True)
