"""Which provider runs a graph: the one asked for, or the fastest that is proven to work."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from edgereg.core.errors import EngineError
from edgereg.engines.base import Engine, EngineLoader, EngineProvider
from edgereg.engines.cache import EngineCache, key_for
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.probe import probe_of
from edgereg.engines.profile import profile_of
from edgereg.engines.proof import check, prove, prove_once
from edgereg.engines.providers import (
    CUDA,
    MIGRAPHX,
    NATIVE,
    OPENVINO,
    TENSORRT,
    tensorrt_options,
)

log = logging.getLogger(__name__)

# Fastest first. A provider that is not named here is never taken unasked.
RANKING = (
    NATIVE,
    TENSORRT,
    "NvTensorRTRTXExecutionProvider",
    CUDA,
    MIGRAPHX,
    OPENVINO,
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
    CPU,
)
SHORT = {
    "cpu": CPU,
    "cuda": CUDA,
    "tensorrt": NATIVE,
    "ort-tensorrt": TENSORRT,
    "openvino": OPENVINO,
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# y = Relu(x) for float32 [n, 8], as an ONNX file: enough to see a provider work.
PROOF_GRAPH = bytes.fromhex(
    "080812003a3d0a0c0a0178120179220452656c751201705a140a0178120f0a0d080112090a0312016e0a0208"
    "0862140a0179120f0a0d080112090a0312016e0a02080842040a001011"
)
# How long the small graph may take; CUDA alone needs some seconds to start.
SMALL_GRAPH_S = 120.0

Loader: TypeAlias = Callable[[Path, str], Engine]
Prover: TypeAlias = Callable[[Path, str], None]


@dataclass(frozen=True)
class ProviderStatus:
    """One provider for the `engines` command: whether it is there, and why not."""

    name: str
    short: str
    status: Literal["works", "fails", "absent"]
    reason: str


def load_engine(
    path: Path | str,
    provider: str = "auto",
    *,
    threads: int | None = None,
    loaders: Mapping[str, EngineLoader] | None = None,
) -> Engine:
    """Load a graph on a provider: 'auto', a short name of SHORT, or ONNX Runtime's own name.

    loaders: engines of plugins by provider name; they are taken only when asked for by name.

    'auto' tries the providers of RANKING that this ONNX Runtime has, and proves each: the first
    time in a process of its own, then here, by comparing with what the CPU returns.
    Raises EngineError where the provider asked for, or with 'auto' even the CPU, does not work.
    """

    file = Path(path)
    if loaders and provider in loaders:
        return loaders[provider](file, threads)
    if provider != "auto":
        name = SHORT.get(provider.lower(), provider)
        try:
            return load_on(file, name, threads)
        except EngineError as error:
            advice = "" if name == CPU else "; --engine auto takes another where this one can't"
            raise EngineError(f"{error}{advice}") from error

    def load(file: Path, name: str) -> Engine:
        return load_on(file, name, threads)

    return choose(file, available(), load, prove_once)


def load_on(file: Path, name: str, threads: int | None) -> Engine:
    """Load a graph on a provider of RANKING, or another of ONNX Runtime's. Raises EngineError."""
    if name == NATIVE:
        from edgereg.engines.tensorrt.build import load_tensorrt

        return load_tensorrt(file)
    if name == TENSORRT:
        return _load_compiled(file, threads)
    return OnnxEngine(file, name, threads=threads)


def _provider(short: str, name: str) -> EngineProvider:
    title = "TensorRT's own Python API" if name == NATIVE else f"ONNX Runtime's {name}"
    return EngineProvider(short, title, lambda file, threads: load_on(file, name, threads))


PROVIDERS = tuple(_provider(short, name) for short, name in SHORT.items())


def _load_compiled(file: Path, threads: int | None) -> Engine:
    """TensorRT through ONNX Runtime: compiled and proven in a folder of its own, then kept."""
    cache = EngineCache()
    profile = profile_of(file)

    def load(folder: Path) -> OnnxEngine:
        options = tensorrt_options(folder, cache.root, profile)
        return OnnxEngine(file, TENSORRT, options=options, threads=threads)

    def build(folder: Path) -> None:
        load(folder).run(probe_of(file))

    return load(cache.fetch(key_for(file, "as in the graph", profile.as_dict()), build))


def available() -> list[str]:
    """Providers that are installed, fastest first, those of RANKING only."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise EngineError(
            "ONNX Runtime is not installed; install edgereg[cpu] or edgereg[gpu]"
        ) from error
    present = [*ort.get_available_providers(), *([NATIVE] if _has_native() else [])]
    return [name for name in RANKING if name in present]


def _has_native() -> bool:
    """Whether TensorRT's Python API is installed; whether it works is proven by running."""
    return find_spec("tensorrt") is not None


def choose(file: Path, providers: Sequence[str], load: Loader, prover: Prover) -> Engine:
    """The first of `providers` that is proven and returns what the CPU returns, else the CPU."""
    reference = load(file, CPU)
    candidates = [name for name in providers if name != CPU]
    if not candidates:
        return reference
    try:
        inputs = probe_of(file)
        expected = reference.run(inputs)
    except EngineError as error:
        log.warning("%s: nothing to compare with (%s); the CPU runs it", file.name, error)
        return reference
    if not any(np.isfinite(array).any() for array in expected.values()):
        log.warning("%s: returns no finite number on the CPU, which runs it", file.name)
        return reference
    for name in candidates:
        try:
            prover(file, name)
            engine = load(file, name)
            check(engine, inputs, expected)
        except Exception as error:  # a provider may raise anything
            reason = str(error) or type(error).__name__
            log.warning("%s: %s does not work: %s; trying the next", file.name, name, reason)
        else:
            return engine
    return reference


def list_providers() -> list[ProviderStatus]:
    """Every provider of RANKING and its state on this machine, proven with a tiny graph."""
    present = set(available())
    short = {name: key for key, name in SHORT.items()}
    rows = []
    for name in RANKING:
        if name not in present:
            reason = _absence(name)
            rows.append(ProviderStatus(name, short.get(name, name), "absent", reason))
        else:
            rows.append(ProviderStatus(name, short.get(name, name), *_prove(name)))
    return rows


def _absence(provider: str) -> str:
    """Why a provider is not there, and how to get it where an extra of edgereg brings it."""
    if provider == NATIVE:
        return "TensorRT's Python API is not installed"
    advice = "; install edgereg[gpu]" if provider in (TENSORRT, CUDA) else ""
    return "not compiled into the installed ONNX Runtime" + advice


def _prove(provider: str) -> tuple[Literal["works", "fails"], str]:
    """Run the small graph on a provider, in a process of its own, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proof.onnx"
        file.write_bytes(PROOF_GRAPH)
        try:
            prove(file, provider, SMALL_GRAPH_S)
        except EngineError as error:
            return "fails", str(error)
    return "works", "a test graph returned what it should"
