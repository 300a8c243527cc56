"""The scripts of deploy/, which belong to no package."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

JETSON = Path(__file__).parents[2] / "deploy" / "jetson"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """script(name) imports deploy/jetson/NAME.py anew."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, JETSON / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look their module up by its name.
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load
