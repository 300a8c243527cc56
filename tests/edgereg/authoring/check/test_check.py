"""`edgereg plugin check` names what is wrong with a plugin, with its mend; also where the plugin
ends or hangs the process that it is tried in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from edgereg.authoring.check.findings import Finding
from edgereg.authoring.check.parent import check_plugin
from edgereg.authoring.check.target import Target, targets_of
from edgereg.core.errors import PluginError

Check = Callable[..., list[Finding]]

PROJECT = '[project]\nname = "x"\n[project.entry-points."edgereg.plugins"]\nodd = "odd_plugin"\n'
TASK = """
import ctypes, os, sys, time, warnings
import numpy as np
from edgereg.api import Predictions, hookimpl, scalar

class Odd:
    name, title, upstream, model = "odd", "An odd one", None, None

    def kinds(self, spec):
        return (scalar("odd"),)

    def open(self, model, settings):
        return self

    def step(self, frame, regions, prompts):
        value = 0.5
{step}
        values = np.full((1, 1), value, np.float32)
        return Predictions("odd", "none", self.kinds(None), values, np.ones(1, np.float32))

    def reset(self, why):
        pass

    def marks(self, predictions, size):
        return []

@hookimpl
def edgereg_tasks():
    return [Odd()]
"""


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """check(step=..., top=..., text=...): findings about a plugin whose step does this."""

    def checked(step: str = "", top: str = "", text: str | None = None, **limits: Any) -> Any:
        whole = TASK.replace("{step}", indent(dedent(step), " " * 8)) + "\n" + dedent(top)
        (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        (tmp_path / "odd_plugin.py").write_text(whole if text is None else text, encoding="utf-8")
        (target,) = targets_of(str(tmp_path))
        return check_plugin(target, **limits)

    return checked


def wrong(findings: list[Finding], *, slow: bool = False) -> dict[str, str]:
    """What was said, and the mend, of everything that is not right; slow: also of imports that
    take long, as those of a good plugin do on a busy machine."""
    said = {each.said: each.mend for each in findings if each.level != "ok"}
    return {what: mend for what, mend in said.items() if slow or not what.startswith("takes ")}


def test_a_good_plugin_is_called_so(check: Check) -> None:
    findings = check()
    assert wrong(findings) == {}
    said = " ".join(each.said for each in findings)
    assert "ran on ordinary, empty, tiny, tall frames" in said
    assert "ms a frame" in said


@pytest.mark.parametrize(
    ("step", "said", "mend"),
    [
        ("ctypes.string_at(0)", "running task 'odd' on ordinary frames ended the process", "line"),
        ("os._exit(0)", "ended the process (exit code 0)", "instead of leaving"),
        ("time.sleep(600)", "running task 'odd' on ordinary frames did not end", "time limit"),
    ],
    ids=["segfault", "exit", "hang"],
)
def test_what_ends_the_process_is_named(check: Check, step: str, said: str, mend: str) -> None:
    last = check(step, time_s=8)[-1]
    assert last.level == "error"
    assert said in last.said
    assert mend in last.mend
    assert "odd_plugin.py" in last.traceback or "_exit" in step


def test_what_a_task_does_wrong_is_told_at_once(check: Check) -> None:
    findings = check(
        """
        self.kept = [*getattr(self, "kept", []), frame.image.copy()]
        self.unpicklable = lambda: None
        frame.image.base.obj[0, 0] = 255  # the source's own pixels
        if frame.size[0] < 100 < frame.size[1]:
            value = np.nan
        if frame.size[0] < 10:
            os.chdir("/")
        if not frame.image[5:].any():
            value = [1, 2] + value
        """
    )
    found = wrong(findings)
    for said, mend in {
        "writes into ordinary frames": "frame.image.copy()",
        "values failed on tall frames (1 of 1 predictions were not finite": "NaN",
        "step failed on tiny frames (PermissionError: it changes the working": "absolute paths",
        "step failed on empty frames (TypeError": "return Predictions",
        "can't be sent to another process": "top of a module",
    }.items():
        assert any(said in one and mend in found[one] for one in found), (said, found)
    (trace,) = (each.traceback for each in findings if "failed on empty" in each.said)
    assert "value = [1, 2] + value" in trace


def test_a_panel_is_asked_for_every_row_and_option(check: Check) -> None:
    panel = """
    from edgereg.api import PanelChoice, PanelNumber

    def panel(self, result, row, chosen):
        choice = PanelChoice("unit", ("level", "share"))
        value = None if row is None else float(result["odd"].values[row, 0])
        {line}
        return [choice, PanelNumber("odd", "none" if value is None else value)]

    Odd.panel = panel
    """
    assert wrong(check(top=panel.replace("{line}", ""))) == {}
    for line, said in {
        "value + 1": "panel failed on ordinary frames (TypeError",
        "if chosen: return [1]": "it returned int among its items",
    }.items():
        (one,) = wrong(check(top=panel.replace("{line}", line))).items()
        assert said in one[0]
        assert "PanelNumber" in one[1]


def test_memory_that_is_kept(check: Check) -> None:
    found = wrong(check('self.kept = [*getattr(self, "kept", []), frame.image.copy()]'))
    assert any("MB stay in memory after every frame" in said for said in found)


def test_what_an_import_changes(check: Check) -> None:
    found = wrong(
        check(
            top="""
            os.environ["ODD"] = "1"
            warnings.simplefilter("error")
            sys.stdout.write("hello")
            time.sleep(1.1)
            """
        ),
        slow=True,
    )
    for said in (r"environment \(ODD\)", r"takes [1-9]\d*\.\d", r"it prints \('hello'"):
        assert any(re.search(said, one) for one in found), (said, found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "importing odd_plugin failed (ModuleNotFoundError"),
        ("raise SystemExit(3)", "importing odd_plugin failed (SystemExit"),
        ("x = 1", "no function marked @hookimpl"),
        (
            TASK.replace("{step}", "").replace('"odd", "An', '"detection", "An'),
            "'detection', which plugin",
        ),
        ("EDGEREG_API = '2'\n" + TASK.replace("{step}", ""), "version 2 of the plugin API"),
        (TASK.replace("{step}", "").replace("upstream, model", "upstream, more"), "lacks model"),
    ],
    ids=["import", "leaves", "no hook", "clash", "newer", "no task"],
)
def test_what_is_no_plugin(check: Check, text: str, said: str) -> None:
    found = wrong(check(text=text))
    assert any(said in one and found[one] for one in found), found


def test_what_can_not_be_found(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"has no pyproject\.toml"):
        targets_of(str(tmp_path))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"', encoding="utf-8")
    with pytest.raises(PluginError, match=r"it needs \[project\.entry-points"):
        targets_of(str(tmp_path))
    with pytest.raises(PluginError, match="neither a folder nor an installed plugin"):
        targets_of(str(tmp_path / "gone"))
    assert targets_of("detection") == [Target("detection", "edgereg_detection.plugin")]
