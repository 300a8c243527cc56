"""Commands called with the stand-in tasks."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from edgereg.cli.main import main
from edgereg.cli.session import Session
from edgereg.engines.base import EngineProvider
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, spot_task: Any, colour_task: Any) -> Callable[..., int]:
    """call(arguments...) runs a command with the stand-in tasks and returns the exit code."""

    def edgereg_tasks() -> list[Any]:
        return [spot_task, colour_task]

    def edgereg_engines() -> list[EngineProvider]:
        return [EngineProvider("abacus", "an abacus", lambda path, threads: str(path))]  # type: ignore[arg-type,return-value]

    hooks = {f.__name__: hookimpl(f) for f in (edgereg_tasks, edgereg_engines)}
    entry = SimpleNamespace(name="p", value="p", load=lambda: SimpleNamespace(**hooks))
    monkeypatch.setattr(Session, "plugins", load_plugins(disabled=(), entries=[entry]))

    def run(*arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        return int(str(ended.value.code))

    return run
