"""`edgereg run --config`: the file of `edgereg serve` for one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("yaml")

from edgereg.cli.main import main

Clip = Callable[..., Path]


@pytest.fixture
def config(clip: Clip, tmp_path: Path) -> Path:
    clip(5)
    path = tmp_path / "cameras.yaml"
    path.write_text(
        """
sources:
  door: {source: clip.mp4, tasks: [detection], size: fast, outputs: [out/door.jsonl]}
  film: {source: clip.mp4, tasks: [detection], size: fast, outputs: [film.mp4]}
"""
    )
    (tmp_path / "out").mkdir()
    return path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as raised:
        main(["run", *map(str, arguments)])
    return int(raised.value.code or 0)


def test_a_source_of_the_file_is_run_once(config: Path, tmp_path: Path) -> None:
    """Also into an output that a served source can't have, since a run has an end."""
    assert run("--config", config, "door") == 0
    assert (tmp_path / "out" / "door.jsonl").exists()
    assert run("--config", config, "film", "--limit", 3) == 0
    assert (tmp_path / "film.mp4").stat().st_size > 0


def test_the_only_source_needs_no_name(clip: Clip, tmp_path: Path) -> None:
    clip(5)
    path = tmp_path / "one.yaml"
    path.write_text("sources: {a: {source: clip.mp4, tasks: [detection], outputs: [a.jsonl]}}")
    assert run("--config", path, "--limit", 2) == 0
    assert (tmp_path / "a.jsonl").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "which of them?"),
        (["yard"], "there is no 'yard'; there are: door, film"),
        (["door", "x.csv"], "the file names the outputs"),
        (["door", "--task", "age"], "--task stands beside --config"),
        (["door", "--no-refine"], "--refine stands beside --config"),
        (["door", "--workers", "ray"], "--workers stands beside --config"),
    ],
)
def test_what_stands_beside_it_is_told(
    config: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    assert run("--config", config, *more) == 1
    assert told in capsys.readouterr().err


def test_a_mistake_is_told_with_its_place(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(json.dumps({"sources": {"door": {"source": "clip.mp4", "taks": []}}}))
    assert run("--config", config) == 1
    assert "cameras.yaml: sources.door.taks: Extra inputs" in capsys.readouterr().err


def test_without_it_a_source_is_still_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "Missing argument 'SOURCE'" in capsys.readouterr().err
