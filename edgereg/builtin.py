"""What is built in, through the hooks that a plugin uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgereg.hookspecs import hookimpl

if TYPE_CHECKING:
    from edgereg.core.filters import Filter
    from edgereg.engines.base import EngineProvider
    from edgereg.sinks.base import SinkFormat
    from edgereg.sources.base import SourceFormat


# Commands by the module that each is in; it is imported when its command is asked for.
COMMANDS = {
    "app": "edgereg.cli.app",
    "bench": "edgereg.cli.bench",
    "demo": "edgereg.cli.demo",
    "doctor": "edgereg.cli.doctor",
    "engines": "edgereg.cli.engines",
    "models": "edgereg.cli.models",
    "plugin": "edgereg.cli.plugin",
    "recover": "edgereg.cli.recover",
    "run": "edgereg.cli.run",
    "serve": "edgereg.cli.serve",
    "tasks": "edgereg.cli.tasks",
}


@hookimpl
def edgereg_sources() -> list[SourceFormat]:
    """Video files, images, cameras, URLs, GStreamer strings."""
    from edgereg.sources.open import FORMATS

    return list(FORMATS)


@hookimpl
def edgereg_sinks() -> list[SinkFormat]:
    """Tables, the field's formats and annotated video."""
    from edgereg.sinks.open import FORMATS

    return list(FORMATS)


@hookimpl
def edgereg_filters() -> list[Filter]:
    """Smoothing."""
    from edgereg.tracks.smooth import SMOOTH

    return [SMOOTH]


@hookimpl
def edgereg_engines() -> list[EngineProvider]:
    """ONNX Runtime's providers and TensorRT, by their short names."""
    from edgereg.engines.select import PROVIDERS

    return list(PROVIDERS)
