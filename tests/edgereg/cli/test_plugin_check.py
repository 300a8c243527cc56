"""`edgereg plugin check` on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROJECT = '[project]\nname = "x"\n[project.entry-points."edgereg.plugins"]\nodd = "odd_plugin"\n'


def test_findings_with_their_mends_and_the_traceback(
    call: Any, capsys: Any, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "odd_plugin.py").write_text("import gone_for_good", encoding="utf-8")
    assert call("plugin", "check", tmp_path) == 1
    said = capsys.readouterr().out
    assert "importing odd_plugin failed" in said
    assert "the traceback says where" in said
    assert "    import gone_for_good" in said


def test_as_json(call: Any, capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "odd_plugin.py").write_text("x = 1", encoding="utf-8")
    assert call("plugin", "check", tmp_path, "--json") == 1
    (finding,) = (f for f in json.loads(capsys.readouterr().out)["odd"] if f["level"] == "error")
    assert "@hookimpl" in finding["mend"]


def test_nothing_to_check_is_misuse(call: Any, capsys: Any, tmp_path: Path) -> None:
    assert call("plugin", "check", tmp_path) == 2
    assert "has no pyproject.toml" in capsys.readouterr().err
