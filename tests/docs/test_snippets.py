"""The documentation's code runs, and its commands and links exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from edgereg.cli.main import edgereg
from edgereg.cli.session import Session
from edgereg.demo.clip import CLIP

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").glob("*.md")]
)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


def commands() -> Iterator[str]:
    for page in PAGES:
        for block in blocks(page, "console"):
            for line in block.splitlines():
                if line.startswith("edgereg "):
                    yield line.split(" # ")[0].strip()


def targets() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield page, target


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_commands_of_the_documentation_parse(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(line)[1:]
    monkeypatch.chdir(tmp_path)
    for placeholder in filter(str.isupper, words):
        (tmp_path / placeholder).mkdir()
    context = click.Context(edgereg, obj=Session())
    name, command, rest = edgereg.resolve_command(context, words)
    assert command is not None, f"no command {name}"
    command.make_context(name, list(rest), parent=context)


@pytest.mark.parametrize(("page", "target"), sorted(set(targets())))
def test_links_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_python_of_the_documentation_runs(tmp_path: Path) -> None:
    order = ("README.md", "results.md", "model-folders.md")
    code = "\n".join(block for name in order for block in blocks(ROOT / "docs" / name, "python"))
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    shortened = code.replace('"poses.jsonl")', '"poses.jsonl", limit=5)')
    subprocess.run([sys.executable, "-c", shortened], cwd=tmp_path, check=True)


def test_the_example_of_the_readme_runs_as_printed(tmp_path: Path) -> None:
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    (code,) = blocks(ROOT / "README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "yaw" in done.stdout
    assert (tmp_path / "poses.mp4").stat().st_size > 10_000


def test_python_of_the_page_on_methods_runs(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (code,) = blocks(ROOT / "docs" / "methods.md", "python")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_the_page_on_methods_lists_them_all() -> None:
    pytest.importorskip("torch")
    from edgereg_training.methods.registry import METHODS

    rows = re.findall(r"^\| (`[^|]*) \|", (ROOT / "docs" / "methods.md").read_text("utf-8"), re.M)
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row) if name != "name"}
    assert named == set(METHODS)


def test_python_of_the_page_on_driving_runs(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "driving.md", "python")
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    used = (
        "angles = []\n"
        "drive('clip.mp4', (), lambda angle, width: angles.append((angle, width)), hertz=1000)\n"
        "assert angles and all(-1 <= a <= 1 and w > 0 for a, w in angles)\n"
    )
    subprocess.run([sys.executable, "-c", code + used], cwd=tmp_path, check=True)


def test_python_of_the_page_on_detectors_runs(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "detector-of-your-own.md", "python")
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    used = "counts = list(count('clip.mp4', ()))\nassert any(found.get(None) for found in counts)\n"
    subprocess.run([sys.executable, "-c", code + used], cwd=tmp_path, check=True)
