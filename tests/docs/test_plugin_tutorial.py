"""The plugin tutorial's files, run as they stand in docs/plugins.md."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edgereg.pipeline.loading import load_tasks
from edgereg.pipeline.sequential import run_sequential
from edgereg.plugins import Plugins, load_plugins
from edgereg.sinks.open import open_sink
from edgereg.sources.open import open_source

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


def files() -> Mapping[str, str]:
    """The page's code blocks that name a file in their first line."""
    blocks = re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    return dict(blocks)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    pytest.importorskip("onnx")
    for name, text in files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "make_model.py"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def plugins(package: Path) -> Plugins:
    name = "edgereg_brightness"
    spec = spec_from_file_location(name, package / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    entry = SimpleNamespace(name="brightness", value=name, load=lambda: module)
    return load_plugins(disabled=(), entries=[entry])


def test_the_page_holds_the_files_it_promises() -> None:
    assert set(files()) == {"pyproject.toml", "edgereg_brightness.py", "make_model.py"}


def test_the_task_measures_brightness(plugins: Plugins, tmp_path: Path) -> None:
    image = np.full((20, 30, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), image)
    source = open_source(str(tmp_path / "grey.png"))
    sinks = [open_sink(tmp_path / name, source.info) for name in ("light.csv", "light.jsonl")]
    tasks = load_tasks(plugins.tasks().values(), ["brightness"])
    report = run_sequential(source, tasks, sinks)
    assert plugins.faults == []
    assert report.error is None
    assert dict(report.faults) == {}
    assert '"values":{"brightness":90' in (tmp_path / "light.jsonl").read_text().replace(" ", "")
