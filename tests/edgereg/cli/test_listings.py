"""The commands that list and diagnose: engines, models, tasks, doctor, plugin list."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgereg.cli import doctor, extras
from edgereg.core.errors import EngineError
from edgereg.engines import select
from edgereg.engines.tensorrt.build import BuiltEngine


def test_engines(call: Any, capsys: Any) -> None:
    assert call("engines") == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "works" in rows["cpu"]
    assert "plugin" in rows["abacus"]


def test_engines_build(
    call: Any, capsys: Any, colour_task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def build_engine(folder: Path, *, batch: Any, progress: Any) -> list[Any]:
        asked.append((folder, batch.usual, batch.most))
        progress("predict")
        return [BuiltEngine("predict", folder / "model.plan", 2_500_000, cached=True)]

    monkeypatch.setattr("edgereg.engines.tensorrt.build.build_engine", build_engine)
    assert call("engines", "build", "colour", "--batch", "1:4:8") == 0
    said = capsys.readouterr()
    assert asked == [(colour_task.model, 4, 8)]
    assert "was there" in said.out
    assert "colour: compiling predict" in said.err


@pytest.mark.parametrize("batch", ["4", "4:2:1", "a:b:c", "1:2:3:4", "0:1:2"])
def test_engines_build_of_no_batch(call: Any, capsys: Any, batch: str) -> None:
    assert call("engines", "build", "colour", "--batch", batch) == 1
    assert capsys.readouterr().err.strip() == (
        f"Error: --batch {batch}: write LEAST:USUAL:MOST, such as 1:4:16"
    )


def test_engines_build_without_tensorrt(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert call("engines", "build", "colour") == 1
    assert "TensorRT's Python API is not installed" in capsys.readouterr().err


def test_doctor_says_what_was_never_tried(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = select.ProviderStatus("TensorRT", "tensorrt", "works", "fine")
    monkeypatch.setattr(select, "list_providers", lambda: [row])
    call("doctor")
    lines = capsys.readouterr().out.splitlines()
    (own,) = (line for line in lines if line.strip().startswith("engine tensorrt"))
    assert "never tried on hardware by its authors" in own
    (all_of_it,) = (line for line in lines if line.strip().startswith("never tried on hardware"))
    for untried in ("tensorrt", "ort-tensorrt", "cuda", "INT8 on a GPU", "a Jetson", "Triton"):
        assert untried in all_of_it


def test_doctor_names_what_hides_the_boards_own_packages(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "JETSON", tmp_path)
    call("doctor")
    assert "pip uninstall opencv-python-headless" in capsys.readouterr().out
    own = SimpleNamespace(origin="/usr/lib/python3/dist-packages/cv2/__init__.py")
    monkeypatch.setattr(doctor, "find_spec", lambda _: own)
    call("doctor")
    assert "is hidden by" not in capsys.readouterr().out


def test_tasks(call: Any, capsys: Any) -> None:
    assert call("tasks") == 0
    said = capsys.readouterr().out
    assert "on whole frames" in said
    assert "on the regions of 'spots'" in said


def test_models(call: Any, capsys: Any, colour_task: Any) -> None:
    assert call("models") == 0
    said = capsys.readouterr().out
    assert "tiny-spots" in said
    assert "predict refine density" in said
    assert str(colour_task.model) in said


def test_models_names_the_damaged_one(call: Any, capsys: Any, colour_task: Any) -> None:
    (colour_task.model / "refine.onnx").write_bytes(b"other")
    assert call("models") == 1
    said = capsys.readouterr()
    assert "refine.onnx" in said.err
    assert "altered" in said.err
    assert "tiny-spots" in said.out


def test_models_of_a_folder(call: Any, capsys: Any, tmp_path: Path) -> None:
    assert call("models", tmp_path / "none") == 1
    assert "does not exist" in capsys.readouterr().err


def test_doctor_names_versions_and_faults(call: Any, capsys: Any, spot_task: Any) -> None:
    assert call("doctor") == 0
    said = capsys.readouterr().out
    assert "numpy" in said
    assert "tiny-colour 1; ran a frame" in said
    (spot_task.model / "predict.onnx").unlink()
    assert call("doctor") == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "task spots" in line)
    assert "predict.onnx" in line
    assert "edgereg plugin check p; edgereg plugin disable p" in line


def test_doctor_runs_a_frame_through_every_task(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, colour_task: Any
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(type(colour_task), "conclude", broken)
    assert call("doctor") == 1
    assert "'conclude' failed: ZeroDivisionError: oh" in capsys.readouterr().out


def test_plugin_list(call: Any, capsys: Any) -> None:
    assert call("plugin", "list") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "p ok engines: abacus; tasks: spots, colour p" in said


def test_a_fault_names_the_plugin_and_with_debug_its_lines(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, colour_task: Any, clip: Any
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(type(colour_task), "conclude", broken)
    words = ("run", clip(7), "--task", "colour", "--engine", "cpu")
    assert call(*words) == 1
    said = capsys.readouterr().err
    assert "it is of plugin 'p': tell its author, or: edgereg --no-plugin p" in said
    assert "Traceback" not in said
    assert call(*words, "--debug") == 1
    assert 'raise ZeroDivisionError("oh")' in capsys.readouterr().err


def test_doctor_tells_how_to_get_what_is_missing(
    call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        doctor, "version", lambda name: None if "pyqtgraph" in name else extras.version(name)
    )
    call("doctor")
    assert "pip install 'edgereg[app]'" in capsys.readouterr().out


def test_doctor_without_an_engine(call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise EngineError("ONNX Runtime is not installed")

    monkeypatch.setattr(select, "list_providers", none)
    assert call("doctor") == 1
    assert "pip install 'edgereg[cpu]'" in capsys.readouterr().out


def test_doctor_reads_the_extras_of_this_project() -> None:
    assert set(extras.PURPOSES) <= set(extras.requirements())


def test_an_opencv_of_the_system_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> str:
        raise extras.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(extras.metadata, "version", nowhere)
    assert str(extras.version("opencv-python-headless")).endswith("of the system")
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert extras.version("opencv-python-headless") is None
    assert extras.version("numpy") is None
