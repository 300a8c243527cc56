"""`edgereg run`: outputs by their ending, bad input as one line, whole outputs when interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from edgereg.cli.main import main
from edgereg.cli.session import Session
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins
from edgereg.sources.open import open_source

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, spot_task: Any, colour_task: Any) -> Callable[..., int]:
    """call(arguments...) runs the command with the stand-in tasks and returns the exit code."""

    def edgereg_tasks() -> list[Any]:
        return [spot_task, colour_task]

    module = SimpleNamespace(edgereg_tasks=hookimpl(edgereg_tasks))
    entry = SimpleNamespace(name="p", value="p", load=lambda: module)
    monkeypatch.setattr(Session, "plugins", load_plugins(disabled=(), entries=[entry]))

    def run(*arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["run", *map(str, arguments)])
        return int(str(ended.value.code))

    return run


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def frames_of(path: Path) -> int:
    source = open_source(path)
    count = sum(1 for _ in source.frames())
    source.close()
    return count


def test_outputs_by_their_ending(call: Any, clip: Any, tmp_path: Path, capsys: Any) -> None:
    video, table, sheet = (tmp_path / name for name in ("o.mp4", "o.jsonl", "o.csv"))
    assert call(clip(), video, table, sheet, "--task", "colour", "--show-stats") == 0
    found = records(table)
    assert [record["frame"] for record in found if record["task"] == "spots"][::2] == [*range(12)]
    assert len(found) == 12 * 4
    assert frames_of(video) == 12
    assert len(sheet.read_text(encoding="utf-8").splitlines()) == 1 + 12 * 4
    said = capsys.readouterr().out
    assert "12 frames in" in said
    assert "colour.refine" in said


def test_limit(call: Any, clip: Any, tmp_path: Path) -> None:
    assert call(clip(), tmp_path / "o.jsonl", "--task", "spots", "--limit", 5) == 0
    assert {record["frame"] for record in records(tmp_path / "o.jsonl")} == {*range(5)}


@pytest.mark.parametrize(
    ("option", "length"), [(("--no-refine",), 0), (("--steps", "2"), 1), ((), 1)]
)
def test_refinement_is_optional(
    call: Any, clip: Any, tmp_path: Path, option: tuple[str, ...], length: int
) -> None:
    assert call(clip(), tmp_path / "o.jsonl", "--task", "colour", *option) == 0
    colour = [record for record in records(tmp_path / "o.jsonl") if record["task"] == "colour"]
    assert all((record["initial"] is not None) == bool(length) for record in colour)


def test_another_model(call: Any, clip: Any, tmp_path: Path, tiny_model: Any) -> None:
    folder = tiny_model("spots", refine=False).path
    assert call(clip(), tmp_path / "o.jsonl", "--model", folder) == 0
    assert {record["task"] for record in records(tmp_path / "o.jsonl")} == {"spots"}


@pytest.fixture
def long_clip(tmp_path: Path) -> Path:
    """A minute of video at ten frames a second."""
    path = tmp_path / "long.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for index in range(600):
        writer.write(np.full((48, 64, 3), index % 200, np.uint8))
    writer.release()
    return path


def misuses(tmp_path: Path, clip: Path, model: Path) -> dict[str, tuple[list[object], str]]:
    """Arguments after `run`, and what the one line must say."""
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.write_bytes(b"")
    text.write_text("no video at all")
    short = tmp_path / "short.mp4"
    short.write_bytes(clip.read_bytes()[:100])
    folder = tmp_path / "folder"
    folder.mkdir()
    task = ["--task", "spots"]
    return {
        "missing file": [[tmp_path / "no.mp4", *task], "no.mp4"],
        "directory": [[folder, *task], "folder"],
        "empty": [[empty, *task], "empty.mp4"],
        "no video": [[text, *task], "text.mp4"],
        "truncated": [[short, *task], "short.mp4"],
        "no such camera": [["97", *task], "97"],
        "dead URL": [["http://127.0.0.1:9/x.mp4", *task], "127.0.0.1"],
        "task": [[clip, "--task", "nonesuch"], "nonesuch"],
        "model folder": [[clip, "--model", folder], "model.json"],
        "two models": [[clip, "--model", model, "--model", model], "one model a task"],
        "precision": [[clip, *task, "--precision", "int8"], "is fp32, not int8"],
        "engine": [[clip, *task, "--engine", "abacus"], "abacus"],
        "ending": [[clip, tmp_path / "o.xyz", *task], ".xyz"],
        "output folder": [[clip, folder / "o.jsonl" / "..", *task], "no output"],
        "output twice": [[clip, tmp_path / "o.csv", tmp_path / "o.csv", *task], "named twice"],
        "output is source": [[clip, clip, *task], "source itself"],
    }  # type: ignore[return-value]


CASES = (
    "missing file",
    "directory",
    "empty",
    "no video",
    "truncated",
    "no such camera",
    "dead URL",
    "task",
    "model folder",
    "two models",
    "precision",
    "engine",
    "ending",
    "output folder",
    "output twice",
    "output is source",
)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line(
    call: Any, clip: Any, tiny_model: Any, tmp_path: Path, capfd: Any, case: str
) -> None:
    arguments, expected = misuses(tmp_path, clip(), tiny_model("spots", refine=False).path)[case]
    assert call(*arguments) == 1
    said = capfd.readouterr().err.strip()
    assert said.splitlines()[-1].startswith("Error: ")
    assert expected in said
    assert len(said.splitlines()) == 1, said


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("predict.onnx", lambda file: file.write_bytes(b"other"), "predict.onnx"),
        ("predict.onnx", lambda file: file.unlink(), "predict.onnx"),
        ("model.json", lambda file: file.write_text('{"schema_version": 99}'), "newer edgereg"),
        ("model.json", lambda file: file.write_text("{"), "model.json"),
    ],
)
def test_a_bad_model_folder_is_one_line(
    call: Any, clip: Any, tiny_model: Any, capfd: Any, file: str, change: Any, expected: str
) -> None:
    folder = tiny_model("spots", refine=False).path
    change(folder / file)
    assert call(clip(), "--model", folder) == 1
    said = capfd.readouterr().err.strip()
    assert said.startswith("Error: ")
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("factor", "height", "expected"), [(float("nan"), "h", "NaN"), (1.0, 16, "has shape")]
)
def test_a_model_that_returns_rubbish_is_named_and_switched_off(
    call: Any, clip: Any, tmp_path: Path, tiny_model: Any, make_graph: Any, capfd: Any,
    factor: float, height: Any, expected: str,
) -> None:  # fmt: skip
    nodes = [
        ("Cast", ["images"], ["pixels"], {"to": 1}),
        ("ReduceMean", ["pixels"], ["mean"], {"axes": [1, 2], "keepdims": 0}),
        ("Mul", ["mean", "factor"], ["values"]),
        ("Identity", ["values"], ["features"]),
    ]
    images = [("images", "UINT8", ["b", height, "w", 3])]
    values = [(name, "FLOAT", ["b", 3]) for name in ("values", "features")]
    predict = make_graph(nodes, images, values, {"factor": np.float32(factor)})
    folder = tiny_model("colour", refine=False, predict=predict).path
    table = tmp_path / "o.jsonl"
    assert call(clip(), table, "--task", "colour", "--model", folder) == 1
    said = capfd.readouterr().err
    assert "'colour' was switched off" in said
    assert expected in said
    assert {record["task"] for record in records(table)} == {"spots"}
    assert len(records(table)) == 24


def test_the_source_is_not_overwritten(call: Any, clip: Any) -> None:
    path = clip()
    before = path.read_bytes()
    assert call(path, path, "--task", "spots") == 1
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(call: Any, clip: Any, tmp_path: Path, capsys: Any) -> None:
    output = tmp_path / "o.jsonl"
    output.symlink_to("/dev/full")
    assert call(clip(), output, "--task", "spots") == 1
    assert "o.jsonl" in capsys.readouterr().err


def test_pictures_are_painted_only_where_they_are_wanted(
    call: Any, clip: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []

    def paint(image: Any, marks: Any) -> Any:
        painted.append(1)
        return image

    monkeypatch.setattr("edgereg.assembly.paint", paint)
    assert call(clip(), tmp_path / "o.jsonl", "--task", "spots") == 0
    assert painted == []
    assert call(clip(), tmp_path / "o.mp4", "--task", "spots") == 0
    assert len(painted) == 12


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
def test_under_nohup_a_run_outlives_its_terminal(
    start_edgereg: Start, long_clip: Path, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        table = tmp_path / "o.jsonl"
        process = start_edgereg(
            "run", long_clip, table, "--task", "brightness", "--realtime", "--limit", 20
        )
        wait_for_records(process, table)
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=60)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 0, said


def wait_for_records(process: subprocess.Popen[str], table: Path) -> None:
    """Wait until some records are written."""
    deadline = time.monotonic() + 120
    while not (table.exists() and table.stat().st_size > 1000):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a process at once on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_whole_outputs(
    start_edgereg: Start, long_clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    video, table, sheet = (tmp_path / name for name in ("o.mp4", "o.jsonl", "o.csv"))
    outputs = (video, table, sheet)
    process = start_edgereg("run", long_clip, *outputs, "--task", "brightness", "--realtime")
    wait_for_records(process, table)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Interrupted; the outputs hold everything up to here." in said
    found = records(table)
    assert 1 <= len(found) < 600
    assert table.read_text(encoding="utf-8").endswith("\n")
    assert len(sheet.read_text(encoding="utf-8").splitlines()) == len(found) + 1
    assert frames_of(video) >= len(found)
