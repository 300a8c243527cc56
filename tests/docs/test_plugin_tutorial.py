"""The plugin tutorial's files, run as they stand in docs/plugins.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np


def test_the_page_holds_the_files_it_promises(brightness: Path) -> None:
    for name in ("pyproject.toml", "edgereg_brightness.py", "make_model.py"):
        assert (brightness / name).is_file()


def test_the_task_measures_brightness(
    start_edgereg: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    picture, table = tmp_path / "grey.png", tmp_path / "light.jsonl"
    cv2.imwrite(str(picture), np.full((20, 30, 3), 90, np.uint8))
    process = start_edgereg("run", picture, table, "--task", "brightness")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "brightness" not in said, said
    record = json.loads(table.read_text(encoding="utf-8"))
    assert record["values"] == {"brightness": 90}
    assert record["units"] == {"brightness": "level"}
