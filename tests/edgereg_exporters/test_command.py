from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_the_plugin_offers_export_without_importing_torch_or_onnx() -> None:
    code = (
        "import sys; from edgereg_exporters.plugin import edgereg_commands;"
        "print([c.name for c in edgereg_commands()]);"
        "print({'torch', 'onnx', 'onnxruntime', 'onnxscript'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['export']", "set()"]


def test_a_missing_checkpoint_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    done = subprocess.run(
        [sys.executable, "-m", "edgereg", "export", tmp_path / "none", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "holds no checkpoint" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_torch_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None;"
        "from edgereg.cli.main import main; main(['export', 'a', 'b'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "edgereg[export,train]" in done.stderr
