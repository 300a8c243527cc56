"""`edgereg export --engine tensorrt`: exported and compiled, or exported and told why not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgereg.cli.main import main
from edgereg.engines.onnx import OnnxEngine
from edgereg.engines.ranges import Batch
from edgereg.engines.tensorrt.build import load_tensorrt
from edgereg.models.folder import load_model


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "user")
    return tmp_path / "user" / "engines"


@pytest.fixture
def export(small_model: Any, tmp_path: Path, capsys: Any) -> Any:
    """export(arguments...) -> (exit code, what it printed, what it complained of)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["export", str(small_model.path), str(tmp_path / "out"), *arguments])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, " ".join(said.err.split())

    return run


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_it_exports_and_compiles(
    export: Any, cache: Path, tmp_path: Path, fake_trt: Any, pictures: Any, precision: str
) -> None:
    how = ["--engine", "tensorrt", "--batch", "1:4:16", "--precision", precision]
    code, out, _ = export(*how, "--max-loss", "50")
    assert code == 0
    assert [out.count(name) for name in ("predict", "refine", "density")] >= [1, 1, 1]
    assert fake_trt.builds == 3
    plans = [plan.read_bytes() for plan in cache.glob("*/model.plan")]
    shapes = [json.loads(plan.partition(b"\n")[0])["shapes"] for plan in plans]
    assert [list(each["images"][1]) for each in shapes if "images" in each] == [[4, 16, 16, 3]]
    # What the first run asks for is there.
    path = load_model(tmp_path / "out").graph_path("predict")
    engine = load_tensorrt(path, batch=Batch(1, 4, 16))
    assert fake_trt.builds == 3
    found, expected = (each.run({"images": pictures}) for each in (engine, OnnxEngine(path)))
    assert np.array_equal(found["values"], expected["values"])


def test_without_tensorrt_the_export_stays_and_one_line_tells(
    export: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    code, out, err = export("--engine", "tensorrt", "--batch", "1:4:16")
    assert code == 1
    assert f"Wrote {tmp_path / 'out'}" in out.replace("\n", "")
    assert load_model(tmp_path / "out").spec.name == "small"
    assert err.count("Error:") == 1
    assert "is exported and whole, but not compiled" in err
    assert "TensorRT's Python API is not installed" in err
    assert "cuda-python is not installed" in err
    assert err.endswith(f"edgereg engines build {tmp_path / 'out'} --batch 1:4:16")
    assert not cache.exists()


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("device", "no CUDA-capable device is detected"),
        ("parse", "can't read the graph"),
        ("builder", "no builder: is there a GPU?"),
    ],
)
def test_without_a_gpu_or_with_a_graph_that_is_refused(
    export: Any, cache: Path, tmp_path: Path, fake_trt: Any, fault: str, complaint: str
) -> None:
    fake_trt.fail = {fault}
    fake_trt.cuda.devices = 0 if fault == "device" else 1
    code, _, err = export("--engine", "tensorrt")
    assert code == 1
    assert complaint in err
    assert err.endswith(f"edgereg engines build {tmp_path / 'out'}")
    assert load_model(tmp_path / "out").spec.name == "small"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--batch", "1:4:16"), "--batch is for an engine that is compiled: --engine tensorrt"),
        (("--engine", "tensorrt", "--batch", "4:1"), "write LEAST:USUAL:MOST, such as 1:4:16"),
    ],
)
def test_a_batch_that_can_not_be_is_told_before_anything_is_written(
    export: Any, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    code, _, err = export(*arguments)
    assert code == 1
    assert complaint in err
    assert not (tmp_path / "out").exists()
