"""Page-locked memory through which an engine's inputs and outputs go to and from the device."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError
from edgereg.engines.tensorrt.cuda import Cuda, Memory, size_of

log = logging.getLogger(__name__)

Array = npt.NDArray[Any]
# Bytes that one engine may lock: a machine whose memory is locked has none left for other things.
LIMIT = 64 << 20


class Staging:
    """A page-locked block for each tensor, reused between runs and released with the object.

    What does not fit into the limit is copied from and to ordinary memory: as right, and slower.
    """

    def __init__(self, cuda: Cuda, limit: int = LIMIT) -> None:
        self._cuda, self._left = cuda, limit
        self._blocks: dict[str, Memory] = {}

    def upload(self, name: str, memory: Memory, array: Array) -> None:
        """Start copying a contiguous array; the caller may change it at once."""
        block = self._block(name, array.nbytes)
        if block is not None:
            staged = block.view(array.shape, array.dtype)
            staged[...] = array
            array = staged
        self._cuda.to_device(memory, array)

    def download(
        self, name: str, memory: Memory, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> Callable[[], Array]:
        """Start copying; what is returned gives the numbers after `Cuda.synchronise`, in an array
        of the caller's own that no later run touches."""
        block = self._block(name, size_of(shape, dtype))
        if block is None:
            array = np.empty(shape, dtype)
            self._cuda.to_host(array, memory)
            return lambda: array
        staged = block.view(shape, dtype)
        self._cuda.to_host(staged, memory)
        return staged.copy

    def _block(self, name: str, size: int) -> Memory | None:
        """The tensor's block, grown to `size` bytes, or None where no more may be locked."""
        held = self._blocks.get(name)
        if held is not None and held.size >= size:
            return held
        if held is not None:
            del self._blocks[name]
            self._left += held.size
            held.free()
        if size > self._left:
            return None
        try:
            made = self._cuda.allocate_pinned(size)
        except EngineError as error:
            log.info("copies of '%s' go through ordinary memory: %s", name, error)
            self._left = 0
            return None
        self._left -= made.size
        self._blocks[name] = made
        return made
