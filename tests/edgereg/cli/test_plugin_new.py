"""`edgereg plugin new`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgereg.authoring.new import KINDS
from edgereg.cli import plugin


def test_the_command_knows_every_kind() -> None:
    assert set(plugin.KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("name", "kind"), [("csv", "sink"), ("cpu", "engine"), ("run", "command"), ("colour", "scalar")]
)
def test_a_taken_name_is_refused(
    call: Any, capsys: Any, tmp_path: Path, name: str, kind: str
) -> None:
    assert call("plugin", "new", name, "--kind", kind, "--into", tmp_path / "made") == 2
    assert f"'{name}' is taken" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_the_command_says_what_it_wrote(call: Any, capsys: Any, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    folder = tmp_path / "made"
    assert call("plugin", "new", "gaze", "--kind", "step", "--into", folder) == 0
    said = capsys.readouterr().out
    assert str(folder / "edgereg_gaze" / "task.py") in said
    assert "pip install -e" in said
