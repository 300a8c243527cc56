"""Stand-ins for CUDA's runtime and TensorRT that compute on the CPU and insist on the contract.

Names, signatures and ways to fail are those of the published API (cuda-python 12.6 to 13, TensorRT
10.3 and 11); what is not part of it is not here, so that using it fails. What was removed in
TensorRT 11 is absent there.
"""

from __future__ import annotations

import ctypes
import enum
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
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


TYPES = {1: "FLOAT", 2: "UINT8", 3: "INT8", 6: "INT32", 7: "INT64", 9: "BOOL", 10: "HALF"}
NUMPY = {"FLOAT": np.float32, "UINT8": np.uint8, "INT64": np.int64, "HALF": np.float16}


class DataType(enum.Enum):
    FLOAT, HALF, INT8, INT32, BOOL, UINT8, FP8, BF16, INT64 = range(9)


class Severity(enum.IntEnum):
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)


class ILogger:
    Severity = Severity

    def __init__(self) -> None:
        pass


class IOutputAllocator:
    def __init__(self) -> None:
        pass


class FakeTensorRT:
    """The module `tensorrt` of one version, on a FakeCuda; `log` lists what was done."""

    ILogger = ILogger
    IOutputAllocator = IOutputAllocator
    DataType = DataType

    class TensorIOMode(enum.Enum):
        NONE, INPUT, OUTPUT = range(3)

    class TensorLocation(enum.Enum):
        DEVICE, HOST = range(2)

    def __init__(self, cuda: FakeCuda, version: str = "10.3.0") -> None:
        self.__version__, self.cuda = version, cuda
        flags = {"STRONGLY_TYPED": 1} | ({} if version.startswith("11") else {"EXPLICIT_BATCH": 0})
        self.NetworkDefinitionCreationFlag = enum.IntEnum("Flag", flags)
        self.builds = 0
        self.learnt: list[bytes] = []
        self.fail: set[str] = set()
        self.late: set[str] = set()

    def Builder(self, logger: Any) -> Any:  # noqa: N802
        if "builder" in self.fail:
            raise TypeError("pybind11::init(): factory function returned nullptr")
        return Builder(self, logger)

    def OnnxParser(self, network: Any, logger: Any) -> Any:  # noqa: N802
        return OnnxParser(self, network)

    def Runtime(self, logger: Any) -> Any:  # noqa: N802
        return Runtime(self, logger)


class Builder:
    def __init__(self, trt: FakeTensorRT, logger: Any) -> None:
        self.trt, self.logger = trt, logger

    def create_network(self, flags: int = 0) -> Any:
        strong = 1 << int(self.trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        assert flags == strong or self.trt.__version__.startswith("11")
        return Network()

    def create_builder_config(self) -> Any:
        return Config(self.trt)

    def create_optimization_profile(self) -> Any:
        return OptimizationProfile()

    def build_serialized_network(self, network: Any, config: Any) -> bytes | None:
        if "build" in self.trt.fail:
            self.logger.log(Severity.ERROR, "[E] 2: OutOfMemory:\n no tactic fits")
            return None
        dynamic = {i.name for i in network.inputs if -1 in i.shape}
        (profile,) = config.profiles
        if dynamic - set(profile.shapes):
            self.logger.log(Severity.ERROR, "dynamic inputs without a profile")
            return None
        self.trt.builds += 1
        config.cache.data += b"+learnt"
        head = {
            "version": self.trt.__version__,
            "shapes": profile.shapes,
            "values": profile.values,
            "late": sorted(self.trt.late),
        }
        return json.dumps(head).encode() + b"\n" + network.onnx


class Network:
    """What the parser fills in."""

    inputs: list[Any]
    onnx: bytes

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> Any:
        return self.inputs[index]


class OnnxParser:
    def __init__(self, trt: FakeTensorRT, network: Network) -> None:
        self.trt, self.network = trt, network
        self.errors: list[str] = []

    def parse_from_file(self, path: str) -> bool:
        onnx = pytest.importorskip("onnx")
        try:
            model = onnx.load(path)
        except Exception as error:
            self.errors.append(f"ModelImporter.cpp: {error}")
            return False
        if "parse" in self.trt.fail:
            self.errors.append("In node 3 (importTopK):\n UNSUPPORTED_NODE: k is not constant")
            return False
        self.network.onnx = Path(path).read_bytes()
        self.network.inputs = [
            SimpleNamespace(
                name=item.name,
                shape=tuple(d.dim_value or -1 for d in item.type.tensor_type.shape.dim),
                # Numbers of no dimension that set a shape, as a loop's count does.
                is_shape_tensor=item.type.tensor_type.elem_type == 7,
            )
            for item in model.graph.input
        ]
        return True

    @property
    def num_errors(self) -> int:
        return len(self.errors)

    def get_error(self, index: int) -> Any:
        return SimpleNamespace(desc=lambda: self.errors[index], node=lambda: index)


class Config:
    def __init__(self, trt: FakeTensorRT) -> None:
        self.trt, self.profiles = trt, []
        self.cache: Any = None

    def add_optimization_profile(self, profile: Any) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def create_timing_cache(self, serialized_timing_cache: bytes) -> Any:
        if b"damaged" in serialized_timing_cache:
            return None
        self.trt.learnt.append(serialized_timing_cache)
        data = serialized_timing_cache
        cache = SimpleNamespace(data=data)
        cache.serialize = lambda: cache.data
        return cache

    def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:
        if b"foreign" in cache.data and not ignore_mismatch:
            return False
        self.cache = cache
        return True

    def get_timing_cache(self) -> Any:
        return self.cache


class OptimizationProfile:
    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}
        self.values: dict[str, Any] = {}

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
        if any(not a <= b <= c for a, b, c in zip(min, opt, max, strict=True)):
            raise ValueError(f"Shape provided for min is inconsistent: {min}, {opt}, {max}")
        self.shapes[input] = [tuple(min), tuple(opt), tuple(max)]

    def set_shape_input(self, input: str, min: Any, opt: Any, max: Any) -> None:
        self.values[input] = [tuple(min), tuple(opt), tuple(max)]


class Runtime:
    def __init__(self, trt: FakeTensorRT, logger: Any) -> None:
        self.trt, self.logger = trt, logger

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> Any:
        head, _, onnx = serialized_engine.partition(b"\n")
        try:
            facts = json.loads(head)
        except ValueError:
            facts = {}
        if facts.get("version") != self.trt.__version__ or "load" in self.trt.fail:
            self.logger.log(Severity.ERROR, "the plan was made by another version")
            return None
        return CudaEngine(self.trt, facts, onnx)


class CudaEngine:
    def __init__(self, trt: FakeTensorRT, facts: Any, onnx: bytes) -> None:
        import onnxruntime as ort

        self.trt, self.facts = trt, facts
        self.session = ort.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        self.inputs = {item.name: item for item in self.session.get_inputs()}
        self.all = {**self.inputs, **{item.name: item for item in self.session.get_outputs()}}

    @property
    def num_io_tensors(self) -> int:
        return len(self.all)

    def get_tensor_name(self, index: int) -> str:
        return list(self.all)[index]

    def get_tensor_mode(self, name: str) -> Any:
        mode = self.trt.TensorIOMode
        return mode.INPUT if name in self.inputs else mode.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        short = {"uint8": "UINT8", "int64": "INT64", "float": "FLOAT", "float16": "HALF"}
        return DataType[short[self.all[name].type[7:-1]]]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(d if isinstance(d, int) else -1 for d in self.all[name].shape)

    def get_tensor_location(self, name: str) -> Any:
        places = self.trt.TensorLocation
        return places.HOST if name in self.facts["values"] else places.DEVICE

    def create_execution_context(self) -> Any:
        return None if "context" in self.trt.fail else Context(self)


class Context:
    """Computes at once what shapes the outputs have, and the numbers when its turn comes."""

    def __init__(self, engine: CudaEngine) -> None:
        self.engine, self.trt = engine, engine.trt
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}
        self.allocators: dict[str, Any] = {}
        self.known: dict[str, tuple[int, ...]] = {}

    def set_input_shape(self, name: str, shape: Any) -> bool:
        declared = self.engine.get_tensor_shape(name)
        if len(declared) != len(shape):
            return False
        least, _, most = self.engine.facts["shapes"].get(name, (declared, declared, declared))
        if any(not a <= b <= c for a, b, c in zip(least, shape, most, strict=True)):
            return False
        self.shapes[name] = tuple(shape)
        return True

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self.addresses[name] = memory
        return True

    def set_output_allocator(self, name: str, output_allocator: Any) -> bool:
        self.allocators[name] = output_allocator
        return True

    def infer_shapes(self) -> list[str]:
        hosted = self.engine.facts["values"]
        lacking = [name for name in self.engine.inputs if name not in self.shapes]
        lacking += [name for name in hosted if name not in self.addresses]
        if lacking:
            return lacking
        feed = {name: np.zeros(self.shapes[name], self.dtype(name)) for name in self.engine.inputs}
        feed |= {name: self.read(name) for name in hosted}
        outputs = list(self.engine.all)[len(self.engine.inputs) :]
        found = self.engine.session.run(outputs, feed)
        self.known = {n: a.shape for n, a in zip(outputs, found, strict=True)}
        return []

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        shape = self.known[name]
        return (-1, *shape[1:]) if name in self.engine.facts["late"] else shape

    def dtype(self, name: str) -> Any:
        return NUMPY[self.engine.get_tensor_dtype(name).name]

    def read(self, name: str) -> np.ndarray:
        size = int(np.prod(self.shapes[name])) * np.dtype(self.dtype(name)).itemsize
        raw = ctypes.string_at(self.addresses[name], size)
        return np.frombuffer(raw, self.dtype(name)).reshape(self.shapes[name])

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert stream_handle == 7
        if "run" in self.trt.fail or set(self.engine.all) - set(self.addresses) - set(
            self.allocators
        ):
            return False
        if self.trt.cuda.captured is not None and "capture" in self.trt.fail:
            return False
        self.trt.cuda.enqueue(self.compute)
        return True

    def compute(self) -> None:
        feed = {name: self.read(name) for name in self.engine.inputs}
        for name, array in zip(
            self.known, self.engine.session.run(list(self.known), feed), strict=True
        ):
            address = self.addresses.get(name, 0)
            if name in self.allocators:
                address = self.allocators[name].reallocate_output_async(
                    name, address, array.nbytes, 256, 7
                )
                self.allocators[name].notify_shape(name, array.shape)
            block = self.trt.cuda.blocks[address]
            assert array.nbytes <= len(block)
            ctypes.memmove(address, np.ascontiguousarray(array).ctypes.data, array.nbytes)


@pytest.fixture
def fake_cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    from edgereg.engines import cuda_api

    fake = FakeCuda()
    monkeypatch.setattr(cuda_api, "cuda_runtime", lambda: fake)
    return fake


@pytest.fixture(params=["10.3.0", "11.4.0.106"])
def fake_trt(
    request: pytest.FixtureRequest, fake_cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> FakeTensorRT:
    """TensorRT of the oldest and the newest version that edgereg is written for."""
    from edgereg.engines import tensorrt_api

    fake = FakeTensorRT(fake_cuda, request.param)
    monkeypatch.setattr(tensorrt_api, "_import", lambda: fake)
    return fake
