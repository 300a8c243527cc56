"""A stand-in for TensorRT's builder and parser that insists on the contract.

Names, signatures and ways to fail are those of the published API of 10.3 and 11; what is not part
of it is not here, so that using it fails. What was removed in TensorRT 11 is absent there.
"""

from __future__ import annotations

import enum
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .fake_cuda import FakeCuda
from .fake_tensorrt_runtime import DataType, ILogger, IOutputAllocator, Runtime, Severity


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
        # TensorRT 11 dropped EXPLICIT_BATCH, and with it the other flag's number changed.
        old = {"EXPLICIT_BATCH": 0, "STRONGLY_TYPED": 1}
        flags = {"STRONGLY_TYPED": 0} if version.startswith("11") else old
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
        assert flags == strong
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
        self.errors += _reads_uint8(model.graph)
        if self.errors:
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


def _reads_uint8(graph: Any) -> list[str]:
    """Complaints of nodes that take uint8; TensorRT knows it only where a cast to float reads it.

    float is 1 and float16 is 10 in ONNX, uint8 is 2.
    """
    given = {item.name for item in graph.input if item.type.tensor_type.elem_type == 2}
    return [
        f"In node 0 with name: {node.name} and operator: {node.op_type}: UINT8 is not supported"
        for node in graph.node
        if given & set(node.input)
        and not (node.op_type == "Cast" and node.attribute[0].i in (1, 10))
    ]


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


@pytest.fixture(params=["10.3.0", "11.4.0.106"])
def fake_trt(
    request: pytest.FixtureRequest, fake_cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> FakeTensorRT:
    """TensorRT of the oldest and the newest version that edgereg is written for."""
    from edgereg.engines.tensorrt import api as tensorrt_api

    fake = FakeTensorRT(fake_cuda, request.param)
    monkeypatch.setattr(tensorrt_api, "_import", lambda: fake)
    return fake
