"""`run --reload`: an edit of a plugin is in the output without another command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import cv2
import numpy as np
import pytest

from edgereg.cli import reloading
from tests.edgereg.odd_task import TASK


def awaited(found: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (value := found()) is not None:
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.mark.skipif(os.name == "nt", reason="ends a process as Ctrl-C does")
def test_an_edit_is_seen(tmp_path: Path) -> None:
    plugin, table = tmp_path / "odd_reloaded_plugin.py", tmp_path / "out.jsonl"
    errors = tmp_path / "errors.txt"

    def write(value: str) -> None:
        plugin.write_text(dedent(TASK).replace("VALUE", value), encoding="utf-8")

    def shown(value: float) -> bool | None:
        """Whether the table holds the value; None where it does not, or is not there."""
        lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
        return (lines and json.loads(lines[0])["values"]["odd"] == value) or None

    write("1")
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgereg.plugins]\nodd = odd_reloaded_plugin\n")
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((20, 30, 3), 90, np.uint8))
    places = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(tmp_path), os.getenv("PYTHONPATH")])),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    words = ("run", "grey.png", "out.jsonl", "--task", "odd", "--reload")
    process = subprocess.Popen(
        [sys.executable, "-m", "edgereg", *words],
        cwd=tmp_path, env={**os.environ, **places}, stderr=errors.open("w"),
    )  # fmt: skip
    try:
        awaited(lambda: shown(1))
        write("no number")  # a mistake is told, and waited out
        awaited(lambda: "SyntaxError" in errors.read_text(encoding="utf-8") or None)
        write("2")
        edited = time.monotonic()
        awaited(lambda: shown(2))
        print(f"from the edit to the table: {time.monotonic() - edited:.2f} s")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    said = errors.read_text(encoding="utf-8")
    assert said.count("odd_reloaded_plugin.py has changed; once more") == 2


def test_what_is_watched(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    model = tmp_path / "sub" / "model.json"
    model.write_text("{}")
    (tmp_path / "task.pyc").write_bytes(b"compiled")
    before = reloading.state_of([tmp_path])
    assert [*before] == [model]
    model.write_text("{ }")
    assert reloading.state_of([tmp_path]) != before


def test_nothing_to_watch(call: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "plugin_places", lambda off: [])
    assert call("run", "x.png", "--reload") == 1
    assert "--reload watches the files of your plugins" in capsys.readouterr().err
