"""The checks of style, types and import arrows, as tests."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ["edgereg", "plugins", "training", "exporters", "tests", "benchmarks"]


def check(package: str, *command: str) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_lint() -> None:
    check("ruff", sys.executable, "-m", "ruff", "check", *CODE)


def test_ruff_format() -> None:
    check("ruff", sys.executable, "-m", "ruff", "format", "--check", *CODE)


@pytest.mark.timeout(600)
def test_types() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("PySide6")
    check("mypy", sys.executable, "-m", "mypy")


def test_import_arrows() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    check("importlinter", sys.executable, "-c", code, "--no-cache")


@pytest.mark.parametrize("package", ["edgereg", "plugins", "training", "exporters"])
def test_no_file_is_long(package: str) -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / package).rglob("*.py")
    }
    assert {str(path): lines for path, lines in lengths.items() if lines > 500} == {}
