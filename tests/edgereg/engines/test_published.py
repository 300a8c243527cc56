"""The interfaces that the engine and the stand-ins are written for, in the packages themselves.

TensorRT's Python bindings load without its libraries where those are replaced by functions that
return nothing: names, arguments and numbers can be checked then, and nothing can be built. With all
of TensorRT installed the same is checked on the real thing.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import EngineError
from edgereg.engines.ranges import Profile
from edgereg.engines.tensorrt import api as tensorrt_api
from edgereg.engines.tensorrt.api import DTYPES, TensorRT
from edgereg.engines.tensorrt.cuda import Cuda

from . import fake_tensorrt, fake_tensorrt_runtime
from .fake_cuda import FakeCuda

FUNCTIONS = """createInferBuilder_INTERNAL createInferRefitter_INTERNAL createInferRuntime_INTERNAL
createNvOnnxParserRefitter_INTERNAL createNvOnnxParser_INTERNAL getBuilderPluginRegistry
getNvOnnxParserVersion getPluginRegistry initLibNvInferPlugins"""
# What the engine calls, with the arguments in the order in which it gives them.
CALLS = {
    "Builder.create_network": ["flags"],
    "Builder.create_builder_config": [],
    "Builder.create_optimization_profile": [],
    "Builder.build_serialized_network": ["network", "config"],
    "OnnxParser.__init__": ["network", "logger"],
    "OnnxParser.parse_from_file": ["model"],
    "OnnxParser.get_error": ["index"],
    "ParserError.desc": [],
    "INetworkDefinition.get_input": ["index"],
    "IBuilderConfig.add_optimization_profile": ["profile"],
    "IBuilderConfig.create_timing_cache": ["serialized_timing_cache"],
    "IBuilderConfig.set_timing_cache": ["cache", "ignore_mismatch"],
    "IBuilderConfig.get_timing_cache": [],
    "ITimingCache.serialize": [],
    "IOptimizationProfile.set_shape": ["input", "min", "opt", "max"],
    "IOptimizationProfile.set_shape_input": ["input", "min", "opt", "max"],
    "Runtime.__init__": ["logger"],
    "Runtime.deserialize_cuda_engine": ["serialized_engine"],
    "ICudaEngine.create_execution_context": [],
    "ICudaEngine.get_tensor_name": ["index"],
    "ICudaEngine.get_tensor_mode": ["name"],
    "ICudaEngine.get_tensor_dtype": ["name"],
    "ICudaEngine.get_tensor_location": ["name"],
    "ICudaEngine.get_tensor_shape": ["name"],
    "IExecutionContext.set_input_shape": ["name", "shape"],
    "IExecutionContext.infer_shapes": [],
    "IExecutionContext.get_tensor_shape": ["name"],
    "IExecutionContext.set_output_allocator": ["name", "output_allocator"],
    "IExecutionContext.set_tensor_address": ["name", "memory"],
    "IExecutionContext.execute_async_v3": ["stream_handle"],
    "ILogger.__init__": [],
    "IOutputAllocator.__init__": [],
}
PROPERTIES = [
    "OnnxParser.num_errors", "INetworkDefinition.num_inputs", "ICudaEngine.num_io_tensors",
    "ITensor.name", "ITensor.shape", "ITensor.is_shape_tensor",
]  # fmt: skip
STAND_INS = {
    "Builder": fake_tensorrt.Builder,
    "INetworkDefinition": fake_tensorrt.Network,
    "OnnxParser": fake_tensorrt.OnnxParser,
    "IBuilderConfig": fake_tensorrt.Config,
    "IOptimizationProfile": fake_tensorrt.OptimizationProfile,
    "Runtime": fake_tensorrt_runtime.Runtime,
    "ICudaEngine": fake_tensorrt_runtime.CudaEngine,
    "IExecutionContext": fake_tensorrt_runtime.Context,
}


def has_tensorrt() -> bool:
    return importlib.util.find_spec("tensorrt") is not None


def empty_libraries(bindings: Path, folder: Path) -> None:
    """Load libraries of the names that the bindings ask for, whose functions return nothing."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler for the empty libraries")
    source = folder / "empty.c"
    source.write_text(
        "\n".join(f"void *{name}(void) {{ return 0; }}" for name in FUNCTIONS.split())
    )
    wanted = set(re.findall(rb"libnv[a-z_]+\.so\.\d+", bindings.read_bytes()))
    for name in sorted(found.decode() for found in wanted):
        made = folder / name
        how = ["-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(made), str(source)]
        subprocess.run([compiler, *how], check=True)
        ctypes.CDLL(str(made), mode=ctypes.RTLD_GLOBAL)


@pytest.fixture(scope="module")
def trt(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """TensorRT as installed, or its bindings alone."""
    if has_tensorrt():
        return importlib.import_module("tensorrt")
    found = importlib.util.find_spec("tensorrt_bindings")
    if found is None or found.origin is None:
        pytest.skip("neither tensorrt nor tensorrt-cu12-bindings is installed")
    bindings = Path(found.origin).with_name("tensorrt.so")
    if not bindings.exists():
        pytest.skip("the bindings are not those for Linux")
    empty_libraries(bindings, tmp_path_factory.mktemp("libraries"))
    return importlib.import_module("tensorrt_bindings")


def attribute(module: Any, path: str) -> Any:
    found = module
    for name in path.split("."):
        found = getattr(found, name)
    return found


def overloads(function: Any) -> list[list[str]]:
    """The names of the arguments behind `self`, of each way to call a function."""
    text = function.__doc__
    signatures = re.findall(r"\(self: [\w.]+(.*?)\) ->", text, re.S)
    return [re.findall(r", (\w+):", signature) for signature in signatures]


@pytest.mark.parametrize("call", CALLS)
def test_calls(trt: Any, call: str) -> None:
    given = CALLS[call]
    assert any(names[: len(given)] == given for names in overloads(attribute(trt, call)))


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties(trt: Any, name: str) -> None:
    assert isinstance(attribute(trt, name), property)


def test_numbers(trt: Any) -> None:
    assert {"HOST", "DEVICE"} <= set(trt.TensorLocation.__members__)
    assert {"INPUT", "OUTPUT"} <= set(trt.TensorIOMode.__members__)
    assert set(DTYPES) <= set(trt.DataType.__members__)
    members = {name: int(value) for name, value in trt.DataType.__members__.items()}
    known = {item.name: item.value for item in fake_tensorrt_runtime.DataType}
    assert known.items() <= members.items()
    flags = trt.NetworkDefinitionCreationFlag.__members__
    newest = int(trt.__version__.split(".")[0]) >= 11
    assert int(flags["STRONGLY_TYPED"]) == (0 if newest else 1)
    assert ("EXPLICIT_BATCH" in flags) is not newest
    severities = {name: int(value) for name, value in trt.ILogger.Severity.__members__.items()}
    assert severities == {item.name: int(item) for item in fake_tensorrt_runtime.Severity}


def test_shapes_are_given_and_read_as_tuples(trt: Any) -> None:
    described = trt.PluginTensorDesc()
    described.dims = (1, -1, 8)
    assert -1 in tuple(described.dims)
    assert tuple(described.dims)[2] == 8


@pytest.mark.parametrize("name", STAND_INS)
def test_the_stand_ins_have_nothing_of_their_own(trt: Any, name: str) -> None:
    offered = {key for key, value in vars(STAND_INS[name]).items() if key[0] != "_" and value}
    fields = {"inputs", "onnx"}
    assert offered - fields <= set(dir(attribute(trt, name)))


def test_loggers_and_allocators_of_our_own(trt: Any) -> None:
    complaints: list[str] = []
    logger = tensorrt_api._logger(trt, complaints)
    logger.log(trt.ILogger.Severity.ERROR, "one\n two")
    logger.log(trt.ILogger.Severity.INFO, "nothing")
    assert complaints == ["one two"]
    allocator = tensorrt_api._allocator(trt, lambda size: 2 * size)
    assert isinstance(allocator, trt.IOutputAllocator)
    assert allocator.reallocate_output_async("x", 0, 8, 256, 7) == 16
    allocator.notify_shape("x", (1, 2))
    assert allocator.shape == (1, 2)


def test_without_a_gpu_there_is_no_builder_and_no_runtime(trt: Any, tmp_path: Path) -> None:
    """What the factories do where the library gives them nothing is TensorRT's own code."""
    if has_tensorrt():
        pytest.skip("TensorRT is whole here")
    api = TensorRT(trt)
    with pytest.raises(EngineError, match=r"no builder: is there a GPU\?"):
        api.build(tmp_path / "graph.onnx", Profile({}), b"")
    with pytest.raises(EngineError, match=r"no runtime: is there a GPU\?"):
        api.load(b"")


CUDA_CALLS = [name for name in vars(FakeCuda) if re.fullmatch(r"cuda[A-Z]\w+", name)]


@pytest.mark.parametrize("name", CUDA_CALLS)
def test_cuda_python(name: str) -> None:
    """Every call of the stand-in is there, and takes as many arguments."""
    runtime = pytest.importorskip("cuda.bindings.runtime")
    real, own = getattr(runtime, name), getattr(FakeCuda, name)
    if not callable(own):
        assert all(int(getattr(real, member)) == value for member, value in vars(own).items())
        return
    signature = real.__doc__.strip().splitlines()[0]
    taken = [part for part in signature[signature.index("(") + 1 : -1].split(",") if part.strip()]
    assert len(taken) == own.__code__.co_argcount - 1, signature


def test_cuda_python_without_a_driver() -> None:
    pytest.importorskip("cuda.bindings.runtime")
    if shutil.which("nvidia-smi") or Path("/etc/nv_tegra_release").exists():
        pytest.skip("there is a driver here")
    with pytest.raises(EngineError, match="no CUDA d") as caught:
        Cuda()
    assert "\n" not in str(caught.value)
