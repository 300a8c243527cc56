"""The check of Arm wheels, with a pip that is not asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "jetson" / "check_wheels.py"


@pytest.fixture
def wheels(script: Any) -> Any:
    """The script."""
    return script("check_wheels")


def answer(monkeypatch: pytest.MonkeyPatch, names: list[str], error: str = "") -> list[list[str]]:
    """Let pip find these files, or fail; the commands that it gets."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        asked.append(command)
        found = [{"download_info": {"url": f"https://index/{name}"}} for name in names]
        report = Path(command[command.index("--report") + 1])
        report.write_text(json.dumps({"install": found}))
        return SimpleNamespace(returncode=1 if error else 0, stderr=error)

    monkeypatch.setattr(subprocess, "run", run)
    return asked


ARM = ["rich-1.0-py3-none-any.whl", "numpy-1.26.4-cp310-cp310-manylinux2014_aarch64.whl"]


def test_both_lines_are_asked_for_wheels_of_their_python(
    wheels: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    asked = answer(monkeypatch, ARM)
    assert wheels.main() == 0
    assert "numpy-1.26.4-cp310" in capsys.readouterr().out
    for command, python, cuda, newest in zip(
        asked, ("3.10", "3.12"), ("12.6", "13.2"), (35, 39), strict=True
    ):
        assert command[command.index("--python-version") + 1] == python
        assert f"cuda-python=={cuda}.*" in command
        assert f"manylinux_2_{newest}_aarch64" in command
        assert f"manylinux_2_{newest + 1}_aarch64" not in command
        assert {"--only-binary=:all:", "--dry-run"} <= set(command)
        assert str(SCRIPT.with_name("requirements.txt")) in command


@pytest.mark.parametrize(
    "name", ["numpy-1.26.4-cp310-cp310-manylinux2014_x86_64.whl", "old-1.0.tar.gz"]
)
def test_a_file_for_another_machine_fails(
    wheels: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any, name: str
) -> None:
    answer(monkeypatch, [*ARM, name])
    assert wheels.main() == 1
    assert f"not for 64-bit Arm Linux: {name}" in capsys.readouterr().err


def test_what_has_no_wheel_is_named(
    wheels: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    answer(monkeypatch, [], "ERROR: x\nERROR: No matching distribution found for onnxruntime\n")
    assert wheels.main() == 1
    assert "No matching distribution found for onnxruntime" in capsys.readouterr().err
