"""Every hook has one line of documentation and one test; this file fails when either is missing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from edgereg import hookspecs
from edgereg.core.filters import Filter
from edgereg.engines.base import EngineProvider
from edgereg.hookspecs import hookimpl
from edgereg.plugins import Plugins, load_plugins
from edgereg.sinks.base import SinkFormat
from edgereg.sources.base import scheme

HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("edgereg_"))
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "plugins.md"


def plugged(hook: str, returned: Any) -> Plugins:
    """Plugins with one that answers `hook` with `returned`."""

    def answer() -> Any:
        return returned

    answer.__name__ = hook
    module = SimpleNamespace(**{hook: hookimpl(answer)})
    entry = SimpleNamespace(name="one", value="one", load=lambda: module)
    return load_plugins(disabled=(), entries=[entry])


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_documented(hook: str) -> None:
    specification: Callable[..., Any] = getattr(hookspecs, hook)
    lines = (inspect.getdoc(specification) or "").splitlines()
    assert len(lines) == 1, f"{hook} needs one line of documentation"
    rows = [row for row in DOCUMENTATION.read_text(encoding="utf-8").splitlines() if hook in row]
    assert any(lines[0] in row for row in rows), f"docs/plugins.md lacks the line of {hook}"


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_tested(hook: str) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    named = rf'^def test_{hook}\(|"{hook.removeprefix("edgereg_")}"'
    assert re.search(named, text, re.M)


def test_edgereg_tasks() -> None:
    task = SimpleNamespace(
        name="t",
        title="T",
        upstream=None,
        model=Path("m"),
        **dict.fromkeys(("kinds", "prepare", "propose", "conclude", "marks"), lambda *_: None),
    )
    assert plugged("edgereg_tasks", [task]).tasks() == {"t": task}


def test_edgereg_commands() -> None:
    greet = click.Command("greet")
    assert plugged("edgereg_commands", [greet]).commands() == {"greet": greet}


def test_edgereg_engines() -> None:
    npu = EngineProvider("npu", "an NPU", lambda path, threads: None)  # type: ignore[arg-type]
    assert plugged("edgereg_engines", [npu]).engines()["npu"] is npu


def test_edgereg_sources() -> None:
    ndi = scheme("ndi", "NDI", lambda text: None)  # type: ignore[arg-type,return-value]
    assert plugged("edgereg_sources", [ndi]).sources()["ndi"] is ndi


def test_edgereg_sinks() -> None:
    xyz = SinkFormat(".xyz", "a format", lambda path, run: None)  # type: ignore[arg-type,return-value]
    assert plugged("edgereg_sinks", [xyz]).sinks()[".xyz"] is xyz


def test_edgereg_filters() -> None:
    calm = Filter("calm", "calmer", lambda kinds: True, lambda kinds: None)  # type: ignore[arg-type,return-value]
    assert plugged("edgereg_filters", [calm]).filters()["calm"] is calm


@pytest.mark.parametrize("kind", ["methods", "backbones", "targets", "datasets", "problems"])
def test_hooks_of_training(kind: str) -> None:
    """Looked up by name; tests/edgereg_training/test_outside.py trains with what they add."""
    pytest.importorskip("torch")
    from edgereg_training.registry import registered

    assert registered(kind)
