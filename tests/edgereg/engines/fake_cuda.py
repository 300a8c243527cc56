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
        self.queue: list[Callable[[], None]] = []
        self.captured: list[Callable[[], None]] | None = None
        self.launches = 0
        self.frees = 0

    def cudaGetDeviceCount(self) -> tuple[Any, ...]:  # noqa: N802
        return (OK, self.devices) if self.devices else (Error.cudaErrorNoDevice, None)

    def cudaGetErrorString(self, error: Error) -> tuple[Any, ...]:  # noqa: N802
        words = {2: b"out of memory", 100: b"no CUDA-capable device is detected"}
        return OK, words.get(int(error), b"unspecified")

    def cudaStreamCreate(self) -> tuple[Any, ...]:  # noqa: N802
        return OK, 7

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

    def cudaMemcpyAsync(  # noqa: N802
        self, target: int, source: int, size: int, kind: int, stream: int
    ) -> tuple[Any, ...]:
        device = target if kind == self.cudaMemcpyKind.cudaMemcpyHostToDevice else source
        assert size <= len(self.blocks[device]), "copy beyond the block"
        self.enqueue(lambda: ctypes.memmove(target, source, size) and None)
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
        return OK, list(graph)

    def cudaGraphDestroy(self, graph: Any) -> tuple[Any, ...]:  # noqa: N802
        return (OK,)

    def cudaGraphExecDestroy(self, graph: Any) -> tuple[Any, ...]:  # noqa: N802
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
    from edgereg.engines import cuda_api

    fake = FakeCuda()
    monkeypatch.setattr(cuda_api, "cuda_runtime", lambda: fake)
    return fake
