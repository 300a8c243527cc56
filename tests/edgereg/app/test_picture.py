"""The window on the bundled clip with the bundled models, and its picture for the documentation.

`EDGEREG_PICTURES=docs/images pytest tests/edgereg/app/test_picture.py` keeps the picture there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")
pytest.importorskip("onnxruntime")

from edgereg.app.player.catalogue import load_catalogue
from edgereg.demo.clip import CLIP

KEEP = os.environ.get("EDGEREG_PICTURES")
# The kept picture shows more of the history, and takes longer to make.
SHOWN = 110 if KEEP else 12


@pytest.fixture
def real_window(start: Callable[..., Any]) -> Any:
    """The window as a user gets it."""
    window = start(load_catalogue)
    if "headpose" not in {task.name for task in window.catalogue.tasks}:
        pytest.skip(f"no model: {dict(window.catalogue.unusable)}")
    return window


@pytest.mark.timeout(170)
def test_the_window_on_the_bundled_clip(qtbot: Any, real_window: Any, tmp_path: Path) -> None:
    player, densities = real_window.player, real_window.panels["inspector"].densities
    real_window.open(str(CLIP))
    qtbot.waitUntil(
        lambda: player.current is not None and player.current.index >= SHOWN, timeout=150_000
    )
    player.pause()
    found = player.current.predictions
    assert len(found["detection"]) > 0
    assert found["headpose"].refinement is not None
    assert len(densities.plots) == 3
    qtbot.waitUntil(lambda: densities.plots[0].shown is not None, timeout=10_000)
    qtbot.wait(400)
    assert real_window.banner.message == ""
    picture = Path(KEEP or tmp_path) / "window.png"
    assert real_window.grab().save(str(picture))
    assert picture.stat().st_size > 50_000
