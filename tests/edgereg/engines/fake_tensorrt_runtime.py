"""A stand-in for TensorRT's runtime: engines and contexts that compute with ONNX Runtime.

The builder of `fake_tensorrt` writes their plans.
"""

from __future__ import annotations

import ctypes
import enum
import json
from typing import Any

import numpy as np

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


class Runtime:
    def __init__(self, trt: Any, logger: Any) -> None:
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
        return CudaEngine(self.trt, facts, onnx, self.logger)


class CudaEngine:
    def __init__(self, trt: Any, facts: Any, onnx: bytes, logger: Any) -> None:
        import onnxruntime as ort

        self.trt, self.facts, self.logger = trt, facts, logger
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
        if "infer" in self.trt.fail:
            self.engine.logger.log(Severity.ERROR, "dimension 1 of two inputs differs")
            raise RuntimeError("Shape inference failed")
        feed = {name: np.zeros(self.shapes[name], self._dtype(name)) for name in self.engine.inputs}
        feed |= {name: self._read(name) for name in hosted}
        outputs = list(self.engine.all)[len(self.engine.inputs) :]
        found = self.engine.session.run(outputs, feed)
        self.known = {n: a.shape for n, a in zip(outputs, found, strict=True)}
        return []

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        shape = self.known[name]
        return (-1, *shape[1:]) if name in self.engine.facts["late"] else shape

    def _dtype(self, name: str) -> Any:
        return NUMPY[self.engine.get_tensor_dtype(name).name]

    def _read(self, name: str) -> np.ndarray:
        size = int(np.prod(self.shapes[name])) * np.dtype(self._dtype(name)).itemsize
        raw = ctypes.string_at(self.addresses[name], size)
        return np.frombuffer(raw, self._dtype(name)).reshape(self.shapes[name])

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert stream_handle == 7
        if "run" in self.trt.fail or set(self.engine.all) - set(self.addresses) - set(
            self.allocators
        ):
            return False
        if self.trt.cuda.captured is not None and "capture" in self.trt.fail:
            return False
        self.trt.cuda.enqueue(self._compute)
        return True

    def _compute(self) -> None:
        feed = {name: self._read(name) for name in self.engine.inputs}
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
