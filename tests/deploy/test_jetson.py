"""The board's requirements follow the project's, and its images hide nothing of the board's own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JETSON = ROOT / "deploy" / "jetson"
OPENCV = "opencv-python-headless"


def name(line: str) -> str:
    return re.split(r"[<>=!~\[ ]", line.strip())[0].lower()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_the_requirements_are_the_projects_but_opencv() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {name(line) for line in project["dependencies"]}
    wanted |= {name(line) for line in project["optional-dependencies"]["cpu"]}
    lines = (JETSON / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {name(line) for line in lines if line and line[0] != "#"} == wanted - {OPENCV}


@pytest.mark.parametrize("line", ["jetpack6", "jetpack7"])
def test_an_image_takes_the_boards_own_packages(line: str) -> None:
    text = (JETSON / f"{line}.Dockerfile").read_text(encoding="utf-8")
    commands = " ".join(part for part in text.splitlines() if not part.startswith("#"))
    assert "--system-site-packages" in commands
    assert "--no-deps /tmp/edgereg" in commands
    assert re.search(r"apt-get install[^&]*python3-libnvinfer[^&]*python3-opencv", commands)
    assert not re.search(r"pip install[^&]*(opencv|tensorrt|onnxruntime-gpu)", commands)
    assert "cv2.__file__.startswith('/usr/lib')" in commands
