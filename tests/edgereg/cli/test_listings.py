"""The commands that list and diagnose: engines, models, tasks, doctor, bench, plugin list."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgereg.cli import doctor, extras
from edgereg.cli.main import main
from edgereg.cli.session import Session
from edgereg.engines import select
from edgereg.engines.build import BuiltEngine
from edgereg.errors import EngineError
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, spot_task: Any, colour_task: Any) -> Callable[..., int]:
    """call(arguments...) runs a command with the stand-in tasks and returns the exit code."""

    def edgereg_tasks() -> list[Any]:
        return [spot_task, colour_task]

    def edgereg_engines() -> dict[str, Any]:
        return {"abacus": str}

    hooks = {f.__name__: hookimpl(f) for f in (edgereg_tasks, edgereg_engines)}
    entry = SimpleNamespace(name="p", value="p", load=lambda: SimpleNamespace(**hooks))
    monkeypatch.setattr(Session, "plugins", load_plugins(disabled=(), entries=[entry]))

    def run(*arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        return int(str(ended.value.code))

    return run


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

    monkeypatch.setattr("edgereg.engines.build.build_engine", build_engine)
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
    assert "never tried on hardware" in capsys.readouterr().out


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
    assert "tiny-colour 1 is whole" in said
    (spot_task.model / "predict.onnx").unlink()
    assert call("doctor") == 1
    assert "predict.onnx" in capsys.readouterr().out


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


def test_bench(call: Any, capsys: Any, colour_task: Any, tmp_path: Path) -> None:
    quick, saved = ("--runs", 3, "--no-startup"), tmp_path / "b.json"
    assert call("bench", "colour", *quick, "--batch", 2, "--batch", 3, "--save", saved) == 0
    said = capsys.readouterr().out
    assert "predict" in said
    assert "refine (2 candidates, 4 steps)" in said
    assert "refine (3 candidates, 4 steps)" in said
    assert "density (1024 points)" in said
    assert call("bench", colour_task.model, "spots", *quick, "--batch", 2, "--baseline", saved) == 0
    said = capsys.readouterr().out
    assert said.count(" %") == 3
    assert said.count("new") == 1


def test_bench_starts_fresh_processes(call: Any, capsys: Any) -> None:
    assert call("bench", "spots", "--engine", "cpu", "--runs", 2, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert 0 < row["cached_s"] < 60
    assert row["cold_s"] > 0
    assert sys.platform == "win32" or 20 < row["rss_mb"] < 2000


def test_bench_names_an_engine_that_does_not_work(call: Any, capsys: Any) -> None:
    quick = ("--runs", 2, "--no-startup")
    assert call("bench", "spots", "--engine", "coreml", *quick) == 1
    assert "is not in this ONNX Runtime" in capsys.readouterr().err
    assert call("bench", "spots", "--engine", "coreml", "--engine", "cpu", *quick) == 0
    said = capsys.readouterr()
    assert "spots on coreml" in said.err
    assert "predict" in said.out


def test_bench_of_nothing(call: Any, capsys: Any) -> None:
    assert call("bench", "nonesuch") == 1
    assert "nonesuch" in capsys.readouterr().err
