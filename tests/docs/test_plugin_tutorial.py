"""The plugin tutorial's files, run as they stand in docs/plugins.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgereg.authoring.check.parent import check_plugin
from edgereg.authoring.check.target import targets_of

TUTORIAL = Path(__file__).parents[2] / "docs" / "plugins.md"


def test_the_page_holds_the_files_it_promises(brightness: Path) -> None:
    for name in ("pyproject.toml", "edgereg_brightness.py", "make_model.py"):
        assert (brightness / name).is_file()


def test_the_tests_of_the_page_pass(brightness: Path) -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    section = text[text.index("## Test") : text.index("## Check")]
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) == 2
    (brightness / "test_brightness.py").write_text("\n".join(blocks), encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(brightness), os.getenv("PYTHONPATH")]))
    options = ("-q", "-p", "no:cacheprovider", "-p", "edgereg.pytest_plugin")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_brightness.py"],
        cwd=brightness, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_finds_nothing_wrong_with_it(brightness: Path) -> None:
    (target,) = targets_of(str(brightness))
    found = [each for each in check_plugin(target) if each.level != "ok"]
    # How long its import takes is the machine's matter as well.
    assert [each for each in found if not each.said.startswith("takes ")] == []


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
