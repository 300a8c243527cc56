"""A plugin that crashes the program is named: by its lines at once, on the next start by name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Edgereg = Callable[..., subprocess.CompletedProcess[str]]

CRASHING = """
    import ctypes, os
    from edgereg.api import hookimpl

    @hookimpl
    def edgereg_tasks():
        if not os.environ.get("BEHAVES"):
            ctypes.string_at(0)
        return []
"""


@pytest.fixture
def edgereg(tmp_path: Path) -> Edgereg:
    """edgereg(arguments..., **environment) with a plugin whose hook crashes."""
    (tmp_path / "odd_plugin.py").write_text(dedent(CRASHING), encoding="utf-8")
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\nodd = odd_plugin\n")

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        places = {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(tmp_path), os.getenv("PYTHONPATH")])),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        return subprocess.run(
            [sys.executable, "-m", "edgereg", *arguments],
            env={**os.environ, **places, **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return call


@pytest.mark.skipif(sys.platform != "linux", reason="crashes are told in other ways elsewhere")
def test_a_crash_is_named_now_and_on_the_next_start(edgereg: Edgereg, tmp_path: Path) -> None:
    crashed = edgereg("tasks")
    assert crashed.returncode < 0
    assert "odd_plugin.py" in crashed.stderr
    left_out = edgereg("--no-plugin", "odd", "tasks")
    assert left_out.returncode == 0
    assert left_out.stderr == ""
    next_time = edgereg("tasks", BEHAVES="1")
    assert next_time.returncode == 0
    assert "ended without a word while plugin 'odd' was at work" in next_time.stderr
    assert "edgereg plugin disable odd" in next_time.stderr
    assert edgereg("tasks", BEHAVES="1").stderr == ""
    assert [*(tmp_path / "state" / "edgereg" / "running").iterdir()] == []
