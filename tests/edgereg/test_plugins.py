"""A faulty plugin is named with the reason and the fix, and the others work on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from edgereg.core.errors import PluginError
from edgereg.hookspecs import hookimpl
from edgereg.plugins import (
    Plugins,
    built_in,
    load_plugins,
    read_disabled,
    write_disabled,
)
from edgereg.sinks.base import SinkFormat

CALLS = ("kinds", "prepare", "propose", "conclude", "marks")


def task(name: str, upstream: str | None = None, **parts: Any) -> Any:
    complete = {"title": name, "model": Path(name), **dict.fromkeys(CALLS, lambda *_: None)}
    return SimpleNamespace(name=name, upstream=upstream, **{**complete, **parts})


def entry(name: str, load: Callable[[], Any]) -> Any:
    return SimpleNamespace(name=name, value=f"pkg.{name}", load=load)


def module(**hooks: Callable[..., Any]) -> Any:
    for name, function in hooks.items():
        function.__name__ = name
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def with_good(name: str, load: Callable[[], Any]) -> Plugins:
    good = module(edgereg_tasks=lambda: [task("good")])
    return load_plugins(disabled=(), entries=[entry("a", lambda: good), entry(name, load)])


def raising(error: BaseException) -> Callable[[], Any]:
    def load() -> Any:
        raise error

    return load


def no_impl() -> Any:
    return SimpleNamespace(edgereg_tasks=lambda: [])


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (raising(ModuleNotFoundError("No module named 'gone'")), "No module named 'gone'"),
        (raising(RuntimeError("broken\nsecond line")), "RuntimeError: broken second line)"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (lambda: module(edgereg_no_such_hook=lambda: []), "edgereg_no_such_hook"),
        (lambda: module(edgereg_tasks=lambda wrong: []), "hooks in wrongly"),
        (no_impl, "no function marked @hookimpl"),
        (lambda: module(edgereg_tasks=raising(ValueError("no"))), "failed (ValueError: no)"),
        (lambda: module(edgereg_tasks=lambda: 7), "int instead of a list"),
        (lambda: module(edgereg_tasks=lambda: ["x"]), "is no task"),
        (lambda: module(edgereg_tasks=lambda: [task("t", marks=3)]), "lacks marks"),
        (lambda: module(edgereg_tasks=lambda: [task("good")]), "plugin 'a' has added already"),
    ],
)
def test_faulty_plugin_is_named_and_skipped(load: Callable[[], Any], reason: str) -> None:
    plugins = with_good("bad", load)
    assert list(plugins.tasks()) == ["good"]
    assert [fault.plugin for fault in plugins.faults] == ["bad"]
    line = str(plugins.faults[0])
    assert reason in line
    assert "plugin disable bad" in line
    assert "\n" not in line


def test_a_plugin_that_returns_none_from_a_hook_adds_nothing() -> None:
    plugins = with_good("bad", lambda: module(edgereg_tasks=lambda: None))
    assert list(plugins.tasks()) == ["good"]


@pytest.mark.parametrize("commands", [[object()], [click.Command(None)], "train"])
def test_faulty_commands(commands: Any) -> None:
    plugins = with_good("bad", lambda: module(edgereg_commands=lambda: commands))
    assert plugins.commands() == {}
    assert [fault.plugin for fault in plugins.faults] == ["bad"]


@pytest.mark.parametrize("sources", [{"x": str}, ["x"], 7])
def test_faulty_sources(sources: Any) -> None:
    plugins = with_good("bad", lambda: module(edgereg_sources=lambda: sources))
    assert plugins.sources() == built_in().sources()
    assert [fault.plugin for fault in plugins.faults] == ["bad"]


def test_what_is_built_in_can_not_be_replaced() -> None:
    def csv() -> list[SinkFormat]:
        return [SinkFormat(".csv", "mine", lambda path, run: None)]  # type: ignore[arg-type]

    plugins = with_good("bad", lambda: module(edgereg_sinks=csv))
    assert plugins.sinks()[".csv"].title != "mine"
    assert "'.csv', which is built in already" in str(plugins.faults[0])


def test_edgereg_s_own_plugins_come_before_all_others() -> None:
    own = entry("detection", lambda: module(edgereg_tasks=lambda: [task("detection")]))
    own.dist = SimpleNamespace(name="edgereg")
    other = entry("aaa", lambda: module(edgereg_tasks=lambda: [task("detection", "other")]))
    plugins = load_plugins(disabled=(), entries=[other, own])
    assert plugins.tasks()["detection"].upstream is None
    assert [fault.plugin for fault in plugins.faults] == ["aaa"]


@pytest.mark.parametrize(("version", "loads"), [("1", True), ("2", False), ("soon", False)])
def test_a_plugin_for_a_newer_api_is_named_and_skipped(version: str, loads: bool) -> None:
    newer = module(edgereg_tasks=lambda: [task("newer")])
    newer.EDGEREG_API = version
    plugins = with_good("newer", lambda: newer)
    assert ("newer" in plugins.tasks()) == loads
    assert loads or f"version {version} of the plugin API" in str(plugins.faults[0])


def test_a_fault_is_kept_once() -> None:
    plugins = with_good("bad", lambda: module(edgereg_tasks=raising(ValueError())))
    plugins.tasks()
    plugins.tasks()
    assert len(plugins.faults) == 1


def test_disabled_plugin_is_not_imported() -> None:
    load = raising(AssertionError("imported"))
    plugins = load_plugins(disabled={"off"}, entries=[entry("off", load)])
    assert not plugins.faults
    assert plugins.hooks_of("off") == []


def test_disabled_names_are_kept(settings_file: Path) -> None:
    assert read_disabled() == frozenset()
    write_disabled({"b", "a"})
    assert read_disabled() == {"a", "b"}
    assert load_plugins(entries=[entry("a", raising(AssertionError()))]).faults == []


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"disabled": 3}'])
def test_damaged_settings(settings_file: Path, text: str) -> None:
    settings_file.parent.mkdir()
    settings_file.write_text(text)
    with pytest.raises(PluginError, match=r"plugins\.json .*correct or delete"):
        read_disabled()


def test_settings_that_cannot_be_written(settings_file: Path) -> None:
    settings_file.parent.write_text("a file where the folder should be")
    with pytest.raises(PluginError, match="cannot write"):
        write_disabled({"a"})
