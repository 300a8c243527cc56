"""What every engine is: a loaded graph that maps named arrays to named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]


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
