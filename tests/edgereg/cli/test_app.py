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
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
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
    window.run = lambda given, *_: seen.append(given) or 5  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "edgereg.app.main", window)
    with pytest.raises(SystemExit) as ended:
        main(["app", *words])
    assert (ended.value.code, seen) == (5, [source])


def test_it_takes_what_run_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--task", "age", "--engine", "cpu", "--threshold", "0.7", "--detect-every", "3"]
    words += ["--fov", "60", "--box", "1,2,3,4@5", "--no-refine", "--smooth", "--size", "far"]
    words += ["--limit", "9", "--realtime"]
    seen: list[Any] = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    window = ModuleType("edgereg.app.main")
    window.run = lambda *given: seen.extend(given) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "edgereg.app.main", window)
    with pytest.raises(SystemExit):
        main(["app", "a.mp4", *words])
    source, choice, plugins, watched, said = seen
    assert {"engine", "threshold", "limit", "refine"} <= said
    assert "precision" not in said
    assert watched == ()
    assert source == "a.mp4"
    assert choice.tasks == ("age",)
    assert (choice.engine, choice.threshold, choice.size) == ("cpu", 0.7, "far")
    assert (choice.detect_every, choice.fov, choice.refine) == (3, 60, False)
    assert choice.prompts[0].box == (1, 2, 4, 6)
    assert (choice.limit, choice.realtime) == (9, True)
    assert "age" in plugins.tasks()


@pytest.mark.parametrize("words", [["--task", "nothing"], ["--model", "nowhere"]])
def test_what_cannot_be_chosen_is_said_before_a_window_opens(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, words: list[str]
) -> None:
    pytest.importorskip("PySide6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with pytest.raises(SystemExit) as ended:
        main(["app", *words])
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert words[1] in error
    assert len(error.splitlines()) == 1


def test_reload_needs_a_plugin_to_watch(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from edgereg.cli import reloading

    pytest.importorskip("PySide6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(reloading, "plugin_places", lambda off: [])
    with pytest.raises(SystemExit):
        main(["app", "--reload"])
    assert "none is installed" in capsys.readouterr().err
