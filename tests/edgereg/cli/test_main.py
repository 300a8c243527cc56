"""The command line's frame: lazy loading, one-line errors, exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import click
import pytest

from edgereg.cli import main as cli
from edgereg.cli.session import Session
from edgereg.core.errors import SourceError
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins

HEAVY = ("PySide6", "cv2", "numba", "numpy", "onnxruntime", "pydantic", "rich", "torch")


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let one plugin bring the command `extra` that runs a function."""

    def with_command(function: Callable[[], Any]) -> None:
        def edgereg_commands() -> list[click.Command]:
            return [click.Command("extra", callback=function)]

        module = SimpleNamespace(edgereg_commands=hookimpl(edgereg_commands))
        entry = SimpleNamespace(name="p", value="p", load=lambda: module)
        plugins = load_plugins(disabled=(), entries=[entry])
        monkeypatch.setattr(Session, "plugins", plugins)

    return with_command


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom edgereg.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text, loaded = done.stdout.split("LOADED")
    for name in cli.COMMANDS:
        assert f"  {name} " in text
    assert not set(HEAVY) & set(loaded.split())


def test_import_of_the_package_is_light() -> None:
    code = "import sys, edgereg; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {*HEAVY, "click", "pluggy"} & set(done.stdout.split())


def test_python_m() -> None:
    command = [sys.executable, "-m", "edgereg", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("edgereg, version ")


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(name, "--help") == 0
    assert "--debug" in capsys.readouterr().out or name == "plugin"


@pytest.mark.parametrize("arguments", [("no-such-command",), ("tasks", "--no-such-option")])
def test_misuse_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert call(*arguments) == 2


def test_plugin_command_runs(plug: Any) -> None:
    plug(lambda: None)
    assert call("extra") == 0


def failing(error: BaseException) -> Callable[[], Any]:
    def run() -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (SourceError("no frames in x.mp4"), "Error: no frames in x.mp4"),
        (
            OSError(28, "No space left on device", "/x/a"),
            "Error: /x/a: No space left on device; free",
        ),
        (PermissionError(13, "Permission denied", "/x"), "Error: /x: Permission denied"),
        (MemoryError(), "Error: there is not enough memory"),
        (ZeroDivisionError("oh"), "Error: ZeroDivisionError: oh (a fault of plugin 'p'; --debug"),
        (KeyboardInterrupt(), "Error: interrupted"),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            "Error: 'torch' is not installed, which this needs; pip install 'edgereg[",
        ),
        (
            ModuleNotFoundError("No module named 'yaml'", name="yaml.loader"),
            "Error: 'yaml' is not installed, which this needs; pip install 'edgereg[train]'",
        ),
        (ModuleNotFoundError("No module named 'gone'", name="gone"), "Error: ModuleNotFoundError"),
    ],
)
def test_failure_is_one_line(
    plug: Any, capsys: pytest.CaptureFixture[str], error: BaseException, line: str
) -> None:
    plug(failing(error))
    assert call("extra") == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith(line)
    assert "\n" not in said


@pytest.mark.parametrize("arguments", [("--debug", "extra"), ("extra", "--debug")])
def test_debug_shows_a_traceback(
    plug: Any, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    plug(failing(SourceError("gone")))
    assert call(*arguments) == 1
    assert "Traceback" in capsys.readouterr().err


def test_no_plugin_leaves_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--no-plugin", "headpose", "plugin", "list") == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[2] for row in rows if row.split()[:1] == ["headpose"]] == ["disabled"]


def test_plugin_disable_and_enable(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("plugin", "disable", "headpose") == 0
    capsys.readouterr()
    assert call("tasks") == 0
    assert "headpose" not in capsys.readouterr().out
    assert call("plugin", "enable", "headpose") == 0
    assert call("plugin", "disable", "nonesuch") == 2
