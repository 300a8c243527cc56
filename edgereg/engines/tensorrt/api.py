"""TensorRT's Python API, as far as edgereg uses it: every call to `tensorrt` is in this file.

Written against the published API of 10.3 to 11.4; a test checks it in the bindings themselves where
they are installed. Networks are strongly typed (the precision is in the graph), so no precision
flag of the builder is touched: TensorRT 11 has none. The plan's own profile queries are not used
either, since their order of arguments is documented in two ways.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgereg.core.errors import EngineError
from edgereg.engines.ranges import Profile

log = logging.getLogger(__name__)

OLDEST = (10, 3)
DTYPES = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "BOOL": np.bool_,
}


class TensorRT:
    """The imported module, its logger and what it complained of last."""

    def __init__(self, module: Any = None) -> None:
        """Raises EngineError where TensorRT is absent or too old."""
        self.trt = module or _import()
        self.version = str(self.trt.__version__)
        if tuple(int(part) for part in self.version.split(".")[:2]) < OLDEST:
            raise EngineError(f"TensorRT {self.version} is too old; edgereg needs 10.3 or newer")
        self._complaints: list[str] = []
        self.logger = _logger(self.trt, self._complaints)

    def build(self, onnx: Path, profile: Profile, timing: bytes) -> tuple[bytes, bytes]:
        """Compile an ONNX file; returns the plan and what was learnt of timings.

        Raises EngineError where the graph can't be parsed or built, or memory runs out.
        """
        self._complaints.clear()
        builder = self._made(lambda: self.trt.Builder(self.logger), "no builder: is there a GPU?")
        flag = 1 << int(self.trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        network = self._made(lambda: builder.create_network(flag), "no network")
        parser = self.trt.OnnxParser(network, self.logger)
        if not parser.parse_from_file(str(onnx)):
            raise EngineError(f"{onnx}: TensorRT can't read the graph: {_parse_errors(parser)}")
        config = builder.create_builder_config()
        config.add_optimization_profile(self._ranges(builder, network, profile, onnx))
        cache = config.create_timing_cache(timing) or config.create_timing_cache(b"")
        if cache is None or not config.set_timing_cache(cache, False):
            log.info("the timing cache is of another device or version; timing anew")
            config.set_timing_cache(config.create_timing_cache(b""), True)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise EngineError(f"{onnx}: TensorRT can't build an engine: {self.complaint()}")
        learnt = config.get_timing_cache()
        return bytes(plan), bytes(learnt.serialize()) if learnt is not None else b""

    def _ranges(self, builder: Any, network: Any, profile: Profile, onnx: Path) -> Any:
        """The optimisation profile: a range of shapes, and of values where they set a shape."""
        made = builder.create_optimization_profile()
        for index in range(network.num_inputs):
            tensor = network.get_input(index)
            try:
                if tensor.is_shape_tensor and tensor.name in profile.values:
                    made.set_shape_input(tensor.name, *profile.values[tensor.name])
                elif -1 in tuple(tensor.shape):
                    made.set_shape(tensor.name, *profile.shapes[tensor.name])
            except (KeyError, ValueError, RuntimeError, TypeError) as error:
                raise EngineError(
                    f"{onnx}: TensorRT takes no such range for input '{tensor.name}': {error}"
                ) from error
        return made

    def load(self, plan: bytes) -> tuple[Any, Any]:
        """(engine, context) from a plan. Raises EngineError where it does not fit or load."""
        self._complaints.clear()
        runtime = self._made(lambda: self.trt.Runtime(self.logger), "no runtime: is there a GPU?")
        engine = runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError(f"TensorRT {self.version} can't load the plan: {self.complaint()}")
        context = engine.create_execution_context()
        if context is None:
            raise EngineError(f"TensorRT can't make room to run the engine: {self.complaint()}")
        return engine, context

    def tensors(self, engine: Any) -> tuple[list[str], list[str]]:
        """(input names, output names), in the engine's order."""
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [
            name for name in names if engine.get_tensor_mode(name) == self.trt.TensorIOMode.INPUT
        ]
        return inputs, [name for name in names if name not in inputs]

    def dtype(self, engine: Any, name: str) -> Any:
        """The numpy dtype of a tensor."""
        found = engine.get_tensor_dtype(name)
        for member, dtype in DTYPES.items():
            if found == getattr(self.trt.DataType, member, None):
                return dtype
        raise EngineError(f"tensor '{name}' is of type {found}, which numpy does not have")

    def on_host(self, engine: Any, name: str) -> bool:
        """Whether a tensor's numbers are read or written in the host's memory."""
        return bool(engine.get_tensor_location(name) == self.trt.TensorLocation.HOST)

    def lacking_shapes(self, context: Any) -> list[str]:
        """Names of the inputs whose shape or numbers TensorRT still needs.

        Raises EngineError where the shapes given do not go together.
        """
        try:
            return list(context.infer_shapes())
        except RuntimeError as error:
            raise EngineError(f"TensorRT can't work out the shapes: {self.complaint()}") from error

    def allocator(self, allocate: Callable[[int], int]) -> Any:
        """An output allocator for a shape that only the run tells; `shape` holds it afterwards."""
        return _allocator(self.trt, allocate)

    def complaint(self) -> str:
        """What TensorRT complained of last, on one line."""
        return self._complaints[-1] if self._complaints else "it does not say why"

    def _made(self, make: Callable[[], Any], failure: str) -> Any:
        """An object of TensorRT; its factories return nothing, or raise TypeError, on failure."""
        try:
            made = make()
        except (TypeError, RuntimeError):
            made = None
        if made is None:
            raise EngineError(f"TensorRT gives {failure} ({self.complaint()})")
        return made


def _import() -> Any:
    try:
        import tensorrt
    except ImportError as error:
        raise EngineError(
            "TensorRT's Python API is not installed; on a Jetson make the virtual environment with "
            "--system-site-packages, elsewhere: pip install tensorrt"
        ) from error
    return tensorrt


def _logger(trt: Any, complaints: list[str]) -> Any:
    """TensorRT's messages in Python's log; errors are kept to be told."""
    levels = {
        trt.ILogger.Severity.INTERNAL_ERROR: logging.ERROR,
        trt.ILogger.Severity.ERROR: logging.ERROR,
        trt.ILogger.Severity.WARNING: logging.INFO,
    }

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            level = levels.get(severity, logging.DEBUG)
            line = " ".join(str(msg).split())[:300]
            if level == logging.ERROR:
                complaints.append(line)
            log.log(min(level, logging.INFO), "TensorRT: %s", line)

    return Logger()


def _allocator(trt: Any, allocate: Callable[[int], int]) -> Any:
    class Allocator(trt.IOutputAllocator):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IOutputAllocator.__init__(self)
            self.shape: tuple[int, ...] | None = None

        def reallocate_output(
            self, tensor_name: str, memory: int, size: int, alignment: int
        ) -> int:
            try:
                return allocate(size)
            except EngineError as error:
                log.info("output '%s': %s", tensor_name, error)
                return 0

        def reallocate_output_async(
            self, tensor_name: str, memory: int, size: int, alignment: int, stream: int
        ) -> int:
            return self.reallocate_output(tensor_name, memory, size, alignment)

        def notify_shape(self, tensor_name: str, shape: Sequence[int]) -> None:
            self.shape = tuple(shape)

    return Allocator()


def _parse_errors(parser: Any) -> str:
    """The first complaints of the parser, on one line."""
    found = [" ".join(str(parser.get_error(i).desc()).split()) for i in range(parser.num_errors)]
    return "; ".join(found[:2])[:300] or "it does not say why"
