"""`edgereg plugin gallery` on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")


def test_the_command(call: Callable[..., int], clip: Callable[..., Path], tmp_path: Path) -> None:
    page = tmp_path / "gallery.md"
    assert call("plugin", "gallery", page, "--source", clip(), "--source", f"spots={clip()}") == 0
    assert "## spots" in page.read_text(encoding="utf-8")
    assert call("plugin", "gallery", page, "--source", clip(), "--source", clip()) == 2
