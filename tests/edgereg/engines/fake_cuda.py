"""A stand-in for CUDA's runtime that computes on the CPU and insists on the contract.

Names, signatures and ways to fail are those of cuda-python 12.6 to 13; what is not part of it is
not here, so that using it fails.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest


class Error(enum.IntEnum):
    cudaSuccess = 0  # noqa: N815
    cudaErrorMemoryAllocation = 2  # noqa: N815
    cudaErrorNoDevice = 100  # noqa: N815
    cudaErrorStreamCaptureUnsupported = 900  # noqa: N815


OK = Error.cudaSuccess


class FakeCuda:
    """`cuda.bindings.runtime`: device memory is the host's; work on the stream waits its turn."""

    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)  # noqa: N815
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815

    def __init__(self, devices: int = 1, room: int = 1 << 30) -> None:
        self.devices, self.room = devices, room
        self.blocks: dict[int, Any] = {}
        self.pinned: dict[int, Any] = {}
        self.locked = 1 << 30
        self.driver = True
        self.pageable = 0
        self.live = 0
        self.queue: list[Callable[[], None]] = []
        self.captured: list[Callable[[], None]] | None = None
        self.launches = 0
        self.frees = 0

    def cudaGetDeviceCount(self) -> tuple[Any, ...]:  # noqa: N802
        if not self.driver:
            raise RuntimeError("Failed to dlopen libcuda.so.1")
        return (OK, self.devices) if self.devices else (Error.cudaErrorNoDevice, None)

    def cudaGetErrorString(self, error: Error) -> tuple[Any, ...]:  # noqa: N802
        words = {2: b"out of memory", 100: b"no CUDA-capable device is detected"}
        return OK, words.get(int(error), b"unspecified")

    def cudaStreamCreate(self) -> tuple[Any, ...]:  # noqa: N802
        self.live += 1
        return OK, 7

    def cudaStreamDestroy(self, stream: int) -> tuple[Any, ...]:  # noqa: N802
        assert stream == 7
        self.live -= 1
        return (OK,)

    def cudaMalloc(self, size: int) -> tuple[Any, ...]:  # noqa: N802
        assert self.captured is None, "allocation during capture"
        held = sum(len(block) for block in self.blocks.values())
        if held + size > self.room:
            return Error.cudaErrorMemoryAllocation, None
        block = ctypes.create_string_buffer(b"\xff" * size, size)
        self.blocks[ctypes.addressof(block)] = block
        return OK, ctypes.addressof(block)

    def cudaFree(self, address: int) -> tuple[Any, ...]:  # noqa: N802
        del self.blocks[address]
        self.frees += 1
        return (OK,)

    def cudaHostAlloc(self, size: int, flags: int) -> tuple[Any, ...]:  # noqa: N802
        assert self.captured is None, "allocation during capture"
        if size + sum(len(block) for block in self.pinned.values()) > self.locked:
            return Error.cudaErrorMemoryAllocation, None
        block = ctypes.create_string_buffer(b"\xff" * size, size)
        self.pinned[ctypes.addressof(block)] = block
        return OK, ctypes.addressof(block)

    def cudaFreeHost(self, address: int) -> tuple[Any, ...]:  # noqa: N802
        # What still looks at the block reads nonsense from here on.
        block = self.pinned.pop(address)
        ctypes.memset(address, 0xAA, len(block))
        self.kept = block
        return (OK,)

    def is_pinned(self, address: int, size: int) -> bool:
        return any(
            start <= address and address + size <= start + len(block)
            for start, block in self.pinned.items()
        )

    def cudaMemcpyAsync(  # noqa: N802
        self, target: int, source: int, size: int, kind: int, stream: int
    ) -> tuple[Any, ...]:
        """Page-locked memory of the host is read or written when the copy's turn comes; of other
        memory the call takes the bytes before it returns, or waits to write them."""
        inwards = kind == self.cudaMemcpyKind.cudaMemcpyHostToDevice
        device, host = (target, source) if inwards else (source, target)
        assert size <= len(self.blocks[device]), "copy beyond the block"
        if self.is_pinned(host, size):
            self.enqueue(lambda: ctypes.memmove(target, source, size) and None)
            return (OK,)
        assert self.captured is None, "a copy of ordinary memory during capture"
        self.pageable += 1
        if inwards:
            taken = ctypes.string_at(source, size)
            self.enqueue(lambda: ctypes.memmove(target, taken, size) and None)
        else:
            self.cudaStreamSynchronize(stream)
            ctypes.memmove(target, source, size)
        return (OK,)

    def enqueue(self, work: Callable[[], None]) -> None:
        (self.queue if self.captured is None else self.captured).append(work)

    def cudaStreamSynchronize(self, stream: int) -> tuple[Any, ...]:  # noqa: N802
        assert self.captured is None, "synchronisation during capture"
        while self.queue:
            self.queue.pop(0)()
        return (OK,)

    def cudaStreamBeginCapture(self, stream: int, mode: int) -> tuple[Any, ...]:  # noqa: N802
        self.captured = []
        return (OK,)

    def cudaStreamEndCapture(self, stream: int) -> tuple[Any, ...]:  # noqa: N802
        graph, self.captured = self.captured, None
        return (OK, graph) if graph else (Error.cudaErrorStreamCaptureUnsupported, None)

    def cudaGraphInstantiate(self, graph: Any, flags: int) -> tuple[Any, ...]:  # noqa: N802
        self.live += 1
        return OK, list(graph)

    def cudaGraphDestroy(self, graph: Any) -> tuple[Any, ...]:  # noqa: N802
        return (OK,)

    def cudaGraphExecDestroy(self, graph: Any) -> tuple[Any, ...]:  # noqa: N802
        self.live -= 1
        return (OK,)

    def cudaGraphLaunch(self, graph: Any, stream: int) -> tuple[Any, ...]:  # noqa: N802
        self.launches += 1
        self.queue.extend(graph)
        return (OK,)

    def cudaMemGetInfo(self) -> tuple[Any, ...]:  # noqa: N802
        held = sum(len(block) for block in self.blocks.values())
        return OK, self.room - held, self.room


@pytest.fixture
def fake_cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    from edgereg.engines.tensorrt import cuda as cuda_api

    fake = FakeCuda()
    monkeypatch.setattr(cuda_api, "cuda_runtime", lambda: fake)
    return fake
