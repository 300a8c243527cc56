"""What every engine is: a loaded graph that maps named arrays to named arrays.

An engine on a device of its own may also leave outputs there for other engines of that device
(`DeviceEngine`); whoever does not know of that reads such an output as an array.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class DeviceArray:
    """An output that stayed on the device on which it was computed.

    Engines of the same `device` take it as an input without a copy. `np.asarray(it)` and `it[...]`
    copy the whole of it to the host, and return arrays. No later run changes it.

    value: the engine's own handle. device: as `DeviceEngine.device` says. fetch: copies `value` to
    an array on the host.
    """

    value: Any
    device: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fetch: Callable[[Any], npt.NDArray[Any]]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self.fetch(self.value), dtype)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        return np.asarray(np.asarray(self)[key])


Value: TypeAlias = npt.NDArray[Any] | DeviceArray
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
