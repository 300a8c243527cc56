"""What every engine is: a loaded graph that maps named arrays to named arrays.

An engine on a device of its own may also leave outputs there for other engines of that device
(`DeviceEngine`); whoever does not know of that reads such an output as an array.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy.typing as npt

from edgereg.core.arrays import Value

# The values are arrays; for a DeviceEngine they may be DeviceArrays.
Arrays: TypeAlias = Mapping[str, Any]


class Engine(Protocol):
    """One graph, ready to run. `run` may be called from any thread, one call at a time."""

    @property
    def provider(self) -> str:
        """The provider that runs the graph, e.g. 'CPUExecutionProvider'."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input names, in the graph's order."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output names, in the graph's order."""
        ...

    def run(self, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
        """Run once. Raises EngineError where the graph fails or an input does not fit."""
        ...


@runtime_checkable
class DeviceEngine(Engine, Protocol):
    """An engine that can leave outputs on its device, and takes those of its kind as inputs."""

    @property
    def device(self) -> str | None:
        """The same for engines that take each other's values; None: it leaves nothing there."""
        ...

    def run_keeping(self, inputs: Arrays, keep: Collection[str]) -> dict[str, Value]:
        """Run once; outputs named in `keep` are DeviceArrays, all others arrays on the host.

        Raises EngineError as `run` does.
        """
        ...


def shared_device(engines: Iterable[Engine]) -> str | None:
    """The one device that all these engines can leave values on for each other, or None."""
    devices = {engine.device if isinstance(engine, DeviceEngine) else None for engine in engines}
    return devices.pop() if len(devices) == 1 else None


EngineLoader: TypeAlias = Callable[[Path, int | None], Engine]


@dataclass(frozen=True)
class EngineProvider:
    """A provider as a plugin adds it.

    name: what `--engine` takes. title: one line for people. load: takes the path of an ONNX file
    and the CPU threads it may use (None: as it likes); returns an engine that is ready to run.
    """

    name: str
    title: str
    load: EngineLoader
