"""Loading the tasks for the window: what works is offered, what does not is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6")

from edgereg.app.player.catalogue import Catalogue, load_catalogue, load_usable
from edgereg.app.player.request import Request, open_request
from edgereg.assembly import Choice
from edgereg.core.errors import SourceError
from edgereg.plugins import built_in


def test_a_task_without_its_model_is_named_and_the_rest_is_tried(
    detection: Any, headpose: Any, tmp_path: Path
) -> None:
    detection.model = tmp_path / "absent"
    loaded, unusable = load_usable({"headpose": headpose, "detection": detection})
    assert not loaded
    assert set(unusable) == {"headpose", "detection"}
    assert all("absent" in reason and "\n" not in reason for reason in unusable.values())


def test_a_task_that_raises_anything_is_named(headpose: Any) -> None:
    headpose.upstream, headpose.model = None, None
    _, unusable = load_usable({"headpose": headpose})
    assert "names no model folder" in unusable["headpose"]


def test_what_is_installed_loads() -> None:
    catalogue = load_catalogue(Choice())
    offered = {loaded.name for loaded in catalogue.tasks}
    assert offered | set(catalogue.unusable) == set(catalogue.titles)


def test_providers_are_named_once(catalogue: Catalogue) -> None:
    assert catalogue.providers == ("CPUExecutionProvider",)


def test_a_missing_file_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_request(built_in(), Request(str(tmp_path / "x.mp4")))
