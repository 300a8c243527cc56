"""A service with the stand-in tasks, stopped after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.predictions import Predictions
from edgereg.core.settings import Settings
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins


@dataclass
class Pointed:
    """A step task that finds what was pointed at where it was, for ever."""

    name: str = "pointed"
    title: str = "Pointed"
    upstream: str | None = None
    model: Path | None = None

    def kinds(self, spec: Any) -> Kinds:
        return (Boxes(),)

    def open(self, model: Any, settings: Settings) -> Any:
        return SimpleNamespace(
            step=lambda frame, regions, prompts: self._found(settings),
            reset=lambda why: None,
        )

    def _found(self, settings: Settings) -> Predictions:
        if not settings.prompts:
            return Predictions.none(self.name, "", self.kinds(None))
        boxes = np.array([each.box for each in settings.prompts], np.float32)
        tracks = np.array([each.track or 0 for each in settings.prompts])
        ones = np.ones(len(boxes), np.float32)
        return Predictions(self.name, "", self.kinds(None), boxes, ones, tracks=tracks)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> list[Any]:
        return []


@pytest.fixture
def serve(spot_task: Any, colour_task: Any) -> Iterator[Callable[..., Any]]:
    """serve(sources, **settings) starts a service; serve(FILE) one of a configuration file."""
    pytest.importorskip("uvicorn")
    from edgereg.serve.config import ServeConfig, read_config
    from edgereg.serve.server import Service

    def edgereg_tasks() -> list[Any]:
        return [spot_task, colour_task, Pointed()]

    plugin = SimpleNamespace(edgereg_tasks=hookimpl(edgereg_tasks))
    entry = SimpleNamespace(name="p", value="p", load=lambda: plugin)
    plugins = load_plugins(disabled=(), entries=[entry])
    started: list[Service] = []

    def start(sources: dict[str, Any] | Path, **settings: Any) -> Service:
        if isinstance(sources, Path):
            return begin(Service(read_config(sources), plugins, sources))
        full = {name: {"tasks": ["colour"], **each} for name, each in sources.items()}
        config = ServeConfig.model_validate({"sources": full, "port": 0, **settings})
        return begin(Service(config, plugins))

    def begin(service: Service) -> Service:
        started.append(service)
        service.start()
        return service

    yield start
    for service in started:
        assert service.stop()
