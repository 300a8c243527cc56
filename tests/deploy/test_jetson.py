"""The board's requirements follow the project's, and its images hide nothing of the board's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    for extra in ("cpu", "serve"):
        wanted |= {name(line) for line in project["optional-dependencies"][extra]}
    lines = (JETSON / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert {name(line) for line in lines if line and line[0] != "#"} == wanted - {OPENCV}


@pytest.mark.parametrize("line", ["jetpack6", "jetpack7"])
def test_an_image_takes_the_boards_own_packages(line: str) -> None:
    text = (JETSON / f"{line}.Dockerfile").read_text(encoding="utf-8")
    commands = " ".join(part for part in text.splitlines() if not part.startswith("#"))
    assert "--system-site-packages" in commands
    assert "--no-deps /tmp/edgereg" in commands
    assert re.search(r"apt-get install[^&]*python3-libnvinfer", commands)
    assert re.search(r"apt-get install[^&]*python3-opencv", commands)
    assert not re.search(r"pip install[^&]*(opencv|tensorrt|onnxruntime-gpu)", commands)
    for source in re.findall(r"COPY (\S+) ", commands):
        assert (ROOT / source).exists()


@pytest.mark.parametrize(
    ("line", "number"), [("jetpack6", "JetPack 6.x"), ("jetpack7", "JetPack 7.2")]
)
def test_image_page_and_wheels_speak_of_the_same_versions(line: str, number: str) -> None:
    text = (JETSON / f"{line}.Dockerfile").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "jetson.md").read_text(encoding="utf-8")
    row = next(row for row in page.splitlines() if row.startswith(f"| {number} "))
    python, cuda, tensorrt = (cell.strip() for cell in row.split("|")[2:5])
    assert f"Python {python}, CUDA {cuda}, TensorRT {tensorrt}" in text
    assert f"cuda-python=={cuda}.*" in text
    assert f"check_image.py {tensorrt}" in text
    assert f'"{python}", ' in (JETSON / "check_wheels.py").read_text(encoding="utf-8")


def test_the_check_of_an_image_names_what_is_wrong(
    script: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    check = script("check_image")
    build = "GStreamer:                   YES"
    monkeypatch.setattr(check.cv2, "getBuildInformation", lambda: build)
    monkeypatch.setattr(check.cv2, "__file__", "/usr/lib/python3/dist-packages/cv2.so")
    monkeypatch.setattr(check, "tensorrt_version", lambda: "10.16.2.10-1+cuda13.2")
    assert check.main("10.16") == 0
    assert check.main("10.1") == 1
    monkeypatch.setattr(check, "tensorrt_version", lambda: "")
    assert "TensorRT is missing, wanted is 10.3" in check.faults("10.3")
    monkeypatch.setattr(check.cv2, "getBuildInformation", lambda: "GStreamer: NO")
    monkeypatch.setattr(check.cv2, "__file__", "/opt/edgereg/lib/python3.12/cv2.so")
    capsys.readouterr()
    assert check.main("10.3") == 1
    said = capsys.readouterr().err
    assert "not the system's: /opt/edgereg" in said
    assert "has no GStreamer" in said
