"""The few calls of the CUDA runtime that engines need, through cuda-python; errors as one line.

All calls go through `cuda.bindings.runtime` (cuda-python 12.6 or newer). Each returns a tuple that
starts with an error code; `_value` turns that into a result or an EngineError.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgereg.core.errors import EngineError

INSTALL = "install cuda-python in the version of your CUDA: pip install 'cuda-python==12.6.*'"


def cuda_runtime() -> Any:
    """The module `cuda.bindings.runtime`. Raises EngineError where it is not installed."""
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise EngineError(f"cuda-python is not installed; {INSTALL}") from error
    return runtime


class Cuda:
    """Memory, copies, one stream and graphs on the current device."""

    def __init__(self, runtime: Any = None) -> None:
        """Raises EngineError where cuda-python, a driver or a device is missing."""
        self._rt = runtime or cuda_runtime()
        if not self._devices():
            raise EngineError("no CUDA device is present")
        self._stream = self._value(self._rt.cudaStreamCreate(), "no CUDA stream")
        self.handle = int(self._stream)
        weakref.finalize(self, self._rt.cudaStreamDestroy, self._stream)

    def _devices(self) -> int:
        try:
            counted = self._rt.cudaGetDeviceCount()
        except RuntimeError as error:
            # cuda-python 12.6 raises where newer ones return an error code.
            raise EngineError(f"no CUDA driver: {error}") from error
        return int(self._value(counted, "no CUDA device"))

    def allocate(self, size: int) -> Memory:
        """Device memory of at least `size` bytes. Raises EngineError where there is not enough."""
        what = f"{size} bytes of device memory can't be had"
        address = int(self._value(self._rt.cudaMalloc(max(size, 1)), what))
        return Memory(address, max(size, 1), self._rt.cudaFree)

    def allocate_pinned(self, size: int) -> Memory:
        """Page-locked memory of the host: copies from and to it run beside everything else.

        Raises EngineError where there is not enough.
        """
        what = f"{size} bytes of page-locked memory can't be had"
        address = int(self._value(self._rt.cudaHostAlloc(max(size, 1), 0), what))
        return Memory(address, max(size, 1), self._rt.cudaFreeHost)

    def to_device(self, memory: Memory, array: npt.NDArray[Any]) -> None:
        """Copy a contiguous array. From page-locked memory that is only started, and the array
        must keep its numbers until `synchronise`; from other memory CUDA takes them at once."""
        kind = self._rt.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(memory.address, array.ctypes.data, array.nbytes, kind)

    def to_host(self, array: npt.NDArray[Any], memory: Memory) -> None:
        """Copy into a contiguous array, filled after `synchronise`. Into page-locked memory that is
        only started; for other memory CUDA waits for everything before it."""
        kind = self._rt.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(array.ctypes.data, memory.address, array.nbytes, kind)

    def _copy(self, target: int, source: int, size: int, kind: Any) -> None:
        if size:
            done = self._rt.cudaMemcpyAsync(target, source, size, kind, self._stream)
            self._value(done, "a copy failed")

    def synchronise(self) -> None:
        """Wait for everything that was started."""
        self._value(self._rt.cudaStreamSynchronize(self._stream), "the device failed")

    def begin_capture(self) -> None:
        """From here on record what is started on the stream instead of doing it."""
        mode = self._rt.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._value(self._rt.cudaStreamBeginCapture(self._stream, mode), "no graph can be captured")

    def end_capture(self) -> CapturedGraph:
        """What was recorded, ready to launch."""
        what = "the captured graph is invalid"
        graph = self._value(self._rt.cudaStreamEndCapture(self._stream), what)
        try:
            made = self._value(self._rt.cudaGraphInstantiate(graph, 0), what)
            return CapturedGraph(made, self._rt.cudaGraphExecDestroy)
        finally:
            self._rt.cudaGraphDestroy(graph)

    def launch(self, graph: CapturedGraph) -> None:
        """Start a captured graph."""
        done = self._rt.cudaGraphLaunch(graph.made, self._stream)
        self._value(done, "the graph can't be launched")

    def memory(self) -> tuple[int, int]:
        """(free, total) bytes of the device."""
        free, total = self._value(self._rt.cudaMemGetInfo(), "the device does not tell its memory")
        return int(free), int(total)

    def _value(self, returned: tuple[Any, ...], what: str) -> Any:
        """The result of a call, or an EngineError that names what failed and CUDA's own words."""
        error, *values = returned
        if int(error) == 0:
            return values[0] if len(values) == 1 else tuple(values)
        said = self._rt.cudaGetErrorString(error)[-1]
        text = said.decode() if isinstance(said, bytes) else said or error
        raise EngineError(f"{what}: {text} (CUDA error {int(error)})")


class Memory:
    """A block of memory, released with the object."""

    def __init__(self, address: int, size: int, release: Callable[[int], Any]) -> None:
        self.address, self.size = address, size
        self._free = weakref.finalize(self, release, address)

    def free(self) -> None:
        """Release the block now."""
        self._free()

    def view(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The start of a block of the host as an array, which must not outlive the block."""
        raw = (ctypes.c_ubyte * self.size).from_address(self.address)
        return np.ndarray(shape, dtype, buffer=memoryview(raw))


class CapturedGraph:
    """A CUDA graph ready to launch, released with the object."""

    def __init__(self, made: Any, release: Callable[[Any], Any]) -> None:
        self.made = made
        weakref.finalize(self, release, made)


def size_of(shape: tuple[int, ...], dtype: npt.DTypeLike) -> int:
    """Bytes of an array."""
    return int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
