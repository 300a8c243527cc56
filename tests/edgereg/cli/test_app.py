"""`edgereg app` hands over to the window, or says what is missing."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from edgereg.cli.main import main


def test_without_qt_the_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(sys.modules, "edgereg.app.main", None)
    with pytest.raises(SystemExit) as ended:
        main(["app"])
    assert ended.value.code == 1
    assert "pip install 'edgereg[app]'" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "source"), [([], None), (["a.mp4"], "a.mp4")])
def test_the_source_and_the_exit_code_are_passed_on(
    monkeypatch: pytest.MonkeyPatch, words: list[str], source: str | None
) -> None:
    seen: list[str | None] = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    window = ModuleType("edgereg.app.main")
    window.run = lambda given: seen.append(given) or 5  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "edgereg.app.main", window)
    with pytest.raises(SystemExit) as ended:
        main(["app", *words])
    assert (ended.value.code, seen) == (5, [source])
