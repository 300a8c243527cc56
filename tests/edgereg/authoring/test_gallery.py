"""The gallery: every installed task with a picture, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import pytest

from edgereg.authoring.gallery import write_gallery
from edgereg.core.errors import EdgeregError
from edgereg.hookspecs import hookimpl
from edgereg.plugins import Plugins, load_plugins

pytest.importorskip("onnxruntime")


def plugins_of(*tasks: Any) -> Plugins:
    def edgereg_tasks() -> list[Any]:
        return [*tasks]

    hooks = SimpleNamespace(edgereg_tasks=hookimpl(edgereg_tasks))
    entry = SimpleNamespace(name="mine", value="mine", load=lambda: hooks)
    return load_plugins(disabled=(), entries=[entry])


def test_a_picture_and_the_facts_of_each_task(
    spot_task: Any, colour_task: Any, clip: Callable[..., Path], tmp_path: Path
) -> None:
    page = tmp_path / "new" / "gallery.md"
    told: list[str] = []
    failed = write_gallery(plugins_of(spot_task, colour_task), page, clip(), {}, told.append)
    assert failed == []
    assert told == ["colour", "spots"]
    said = page.read_text(encoding="utf-8")
    assert "## colour" in said
    assert "| looks at | what `spots` finds |" in said
    assert "| gives | Boxes: x1, y1, x2, y2 (px) |" in said
    for name in told:
        assert cv2.imread(str(page.parent / f"gallery-{name}.jpg")).shape == (48, 64, 3)


def test_one_task_has_its_own_source(
    spot_task: Any, clip: Callable[..., Path], tmp_path: Path
) -> None:
    large = clip(3, (800, 400), "large.mp4")
    write_gallery(plugins_of(spot_task), tmp_path / "g.md", clip(), {"spots": large})
    assert cv2.imread(str(tmp_path / "gallery-spots.jpg")).shape == (320, 640, 3)


def test_a_task_that_can_not_run_is_shown_with_its_reason(
    spot_task: Any, colour_task: Any, clip: Callable[..., Path], tmp_path: Path
) -> None:
    title = "Colours | of `all` <b>kinds</b>\nand more"
    broken = replace(colour_task, model=tmp_path / "gone", title=title)
    page = tmp_path / "gallery.md"
    assert write_gallery(plugins_of(spot_task, broken), page, clip(), {}) == ["colour"]
    said = page.read_text(encoding="utf-8")
    assert "No picture: " in said
    assert "gone" in said
    assert "<b>" not in said.replace("\\<b\\>", "")
    assert "\nand more" not in said
    assert not (tmp_path / "gallery-colour.jpg").exists()
    assert (tmp_path / "gallery-spots.jpg").exists()


def test_a_place_that_can_not_be_written(
    spot_task: Any, clip: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EdgeregError, match="can't be written"):
        write_gallery(plugins_of(spot_task), tmp_path / "file" / "gallery.md", clip(), {})
