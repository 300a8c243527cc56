"""Every kind of plugin that `edgereg plugin new` writes is loaded through its entry point, runs,
passes the tests that it brings, and `edgereg plugin check`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgereg.authoring.check.parent import check_plugin
from edgereg.authoring.check.target import targets_of
from edgereg.authoring.new import KINDS, make_plugin
from edgereg.core.errors import PluginError

pytest.importorskip("jinja2")
pytest.importorskip("onnx")


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_tests(kind: str, tmp_path: Path) -> None:
    if KINDS[kind].extra == "train" and not find_spec("torch"):
        pytest.skip("without torch")
    folder = tmp_path / "made"
    make_plugin("bright-spot", kind, folder, "somebody")
    installed(folder)
    paths = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {
        "XDG_CONFIG_HOME": str(tmp_path / "settings"),
        "PYTHONPATH": paths,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    options = ("-q", "-p", "no:cacheprovider", "-p", "edgereg.pytest_plugin")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests"],
        cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    findings = [each for target in targets_of(str(folder)) for each in check_plugin(target)]
    assert findings
    assert [each for each in findings if each.level != "ok"] == []


def installed(folder: Path) -> None:
    """What installing writes of a package, so that its entry point is found on the path."""
    try:
        import tomllib
    except ModuleNotFoundError:  # before Python 3.11
        import tomli as tomllib
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"{name} = {at}" for name, at in project["entry-points"]["edgereg.plugins"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[edgereg.plugins]", *lines]) + "\n")


def test_the_made_package_is_tidy(tmp_path: Path) -> None:
    """No template leaves a mark of its own, a line that is too long, or what ruff would change."""
    for kind in KINDS:
        for path in make_plugin("bright-spot", kind, tmp_path / kind, "somebody"):
            if path.suffix != ".onnx":
                text = path.read_text(encoding="utf-8")
                assert "{%" not in text
                assert "{{" not in text
    if find_spec("ruff"):
        for words in (
            ["check", "--select", "E,F,I,W", "--line-length", "100"],
            ["format", "--check", "--line-length", "100"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *words, "--isolated", tmp_path],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["", "Gaze", "1st", "a b", "../x", "a-", "class!"])
def test_what_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="is no name for a plugin"):
        make_plugin(name, "step", tmp_path / "made", "somebody")
    assert not (tmp_path / "made").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine")
    with pytest.raises(PluginError, match="is there already"):
        make_plugin("gaze", "step", tmp_path, "somebody")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
