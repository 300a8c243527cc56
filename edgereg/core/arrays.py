"""Arrays that pass between graphs: on the host, or left on the device that computed them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
Image: TypeAlias = npt.NDArray[np.uint8]


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
