"""Fixtures that several packages' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgereg import plugins


@pytest.fixture(autouse=True)
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings of the person who runs it."""
    path = tmp_path / "settings" / "plugins.json"
    monkeypatch.setattr(plugins, "settings_file", lambda: path)
    return path
