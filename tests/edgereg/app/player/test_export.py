"""Export: video and tables from the window, with progress, cancellable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.player import State
from edgereg.app.window import MainWindow
from edgereg.sources.open import open_source


def _open(qtbot: Any, window: MainWindow, clip: Path) -> None:
    window.open(str(clip))
    qtbot.waitUntil(lambda: window.player.current is not None)
    window.player.pause()


def test_a_table_holds_every_frame(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    target = tmp_path / "poses.jsonl"
    window.export(target)
    assert window.exports.busy
    qtbot.waitUntil(lambda: not window.exports.busy, timeout=20000)
    assert str(target) in window.banner.message
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    frames = {record["frame"] for record in records if record.get("task") == "headpose"}
    assert frames == set(range(120))
    assert not window.exports.isVisible()


def test_a_video_is_annotated(qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path) -> None:
    _open(qtbot, window, clip)
    target = tmp_path / "annotated.mp4"
    window.export(target)
    qtbot.waitUntil(lambda: not window.exports.busy, timeout=20000)
    assert str(target) in window.banner.message
    source = open_source(target)
    frames = list(source.frames())
    source.close()
    assert len(frames) == 120
    # The blue of the box, which the clip itself lacks.
    reds, blues = frames[10].image[..., 0].astype(int), frames[10].image[..., 2].astype(int)
    assert (blues - reds > 60).sum() > 50


def test_the_player_goes_on_during_an_export(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    _open(qtbot, window, clip)
    window.export(tmp_path / "a.jsonl")
    window.player.pause()
    window.player.seek(5)
    qtbot.waitUntil(lambda: window.player.current.index == 5)
    qtbot.waitUntil(lambda: not window.exports.busy, timeout=10000)
    assert window.player.state is State.PAUSED


def test_a_cancelled_table_is_whole(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, headpose: Any
) -> None:
    _open(qtbot, window, clip)
    headpose.delay_s = 0.1
    target = tmp_path / "part.jsonl"
    window.export(target)
    qtbot.waitUntil(lambda: target.exists() and target.stat().st_size > 0, timeout=8000)
    window.exports.cancel.click()
    assert not window.exports.busy
    assert "cancelled" in window.banner.message
    qtbot.wait(300)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert 0 < len(lines) < 240
    assert all(json.loads(line) for line in lines)


@pytest.mark.parametrize("name", ["no/such\0folder.jsonl", "poses.docx"])
def test_an_impossible_target_is_said_in_the_banner(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, name: str
) -> None:
    _open(qtbot, window, clip)
    window.export(tmp_path / name)
    qtbot.waitUntil(lambda: not window.exports.busy, timeout=8000)
    assert window.banner.message
    assert "\n" not in window.banner.message


def test_the_source_is_not_overwritten(qtbot: Any, window: MainWindow, clip: Path) -> None:
    before = clip.read_bytes()
    _open(qtbot, window, clip)
    window.export(clip)
    qtbot.waitUntil(lambda: "is the source itself" in window.banner.message)
    assert clip.read_bytes() == before
