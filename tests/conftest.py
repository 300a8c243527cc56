"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgereg import plugins

# A test run started in the background ignores SIGINT, and so would every process it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TUTORIAL = Path(__file__).parents[1] / "docs" / "plugins.md"


@pytest.fixture(autouse=True)
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings of the person who runs it."""
    path = tmp_path / "settings" / "plugins.json"
    monkeypatch.setattr(plugins, "settings_file", lambda: path)
    return path


@pytest.fixture
def brightness(tmp_path: Path) -> Path:
    """A folder with the plugin of the tutorial, its model made, its entry point in place."""
    pytest.importorskip("onnx")
    folder = tmp_path / "brightness"
    info = folder / "edgereg_brightness-1.0.dist-info"
    info.mkdir(parents=True)
    blocks = re.findall(r"```\w+\n# (\S+)\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.S)
    for name, text in blocks:
        (folder / name).write_text(text, encoding="utf-8")
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: edgereg-brightness\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text("[edgereg.plugins]\nbrightness = edgereg_brightness\n")
    subprocess.run([sys.executable, "make_model.py"], cwd=folder, check=True)
    return folder


@pytest.fixture
def start_edgereg(brightness: Path) -> Callable[..., subprocess.Popen[str]]:
    """start_edgereg(arguments...) runs the command in a process that has the tutorial's plugin."""

    def start(*arguments: object) -> subprocess.Popen[str]:
        paths = [str(brightness), *filter(None, [os.environ.get("PYTHONPATH")])]
        settings = {
            "XDG_CONFIG_HOME": str(brightness / "settings"),
            "XDG_STATE_HOME": str(brightness / "state"),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "edgereg", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join(paths)},
        )

    return start
