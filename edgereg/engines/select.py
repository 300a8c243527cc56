"""Which provider runs a graph: the one asked for, or the fastest that is proven to work."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import platformdirs

from edgereg.engines.base import Engine
from edgereg.engines.cache import EngineCache, key_for
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.errors import EngineError

log = logging.getLogger(__name__)

TENSORRT = "TensorrtExecutionProvider"
# Fastest first. A provider that is not named here is never taken unasked.
RANKING = (
    TENSORRT,
    "NvTensorRTRTXExecutionProvider",
    "CUDAExecutionProvider",
    "MIGraphXExecutionProvider",
    "OpenVINOExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
    CPU,
)
SHORT = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": TENSORRT,
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# y = Relu(x) for float32 [n, 8], as an ONNX file: enough to see a provider work.
PROOF_GRAPH = bytes.fromhex(
    "080812003a3d0a0c0a0178120179220452656c751201705a140a0178120f0a0d080112090a0312016e0a0208"
    "0862140a0179120f0a0d080112090a0312016e0a02080842040a001011"
)
# Half precision inside a GPU's matrix units rounds to about 1e-3; more is another function.
TOLERANCE = 2e-2

Probe: TypeAlias = Mapping[str, npt.NDArray[Any]]
Loader: TypeAlias = Callable[[Path, str], Engine]


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
    probe: Probe | None = None,
    threads: int | None = None,
    loaders: Mapping[str, Callable[[Path], Engine]] | None = None,
) -> Engine:
    """Load a graph on a provider: 'auto', a short name of SHORT, or ONNX Runtime's own name.

    loaders: engines of plugins by provider name; they are taken only when asked for by name.

    'auto' tries the providers of RANKING that this ONNX Runtime has, and proves each by running
    `probe` (made up from the graph's inputs if None) and comparing with what the CPU returns.
    Raises EngineError where the provider asked for, or with 'auto' even the CPU, does not work.
    """

    def load(file: Path, name: str) -> Engine:
        if name == TENSORRT:
            return _load_compiled(file, probe, threads)
        return OnnxEngine(file, name, threads=threads)

    file = Path(path)
    if loaders and provider in loaders:
        return loaders[provider](file)
    if provider != "auto":
        return load(file, SHORT.get(provider.lower(), provider))
    return choose(file, available(), load, probe)


def _load_compiled(file: Path, probe: Probe | None, threads: int | None) -> Engine:
    """TensorRT through ONNX Runtime, its engines kept in the user's cache once they ran."""
    cache = EngineCache(platformdirs.user_cache_path("edgereg") / "engines")
    key = key_for(file, "as in the graph", OnnxEngine(file, CPU, threads=1).shapes())
    try:
        folder = cache.open(key)
        options = {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(folder)}
        engine = OnnxEngine(file, TENSORRT, options=options, threads=threads)
        engine.run(probe or make_probe(engine))
        cache.seal(key)
    except OSError as error:
        raise EngineError(
            f"{error.filename}: the cache of compiled engines can't be written: {error.strerror}; "
            "free some space or correct its folder"
        ) from error
    return engine


def available() -> list[str]:
    """Providers compiled into this ONNX Runtime, fastest first, those of RANKING only."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise EngineError(
            "ONNX Runtime is not installed; install edgereg[cpu] or edgereg[gpu]"
        ) from error
    present = ort.get_available_providers()
    return [name for name in RANKING if name in present]


def choose(file: Path, providers: Sequence[str], load: Loader, probe: Probe | None) -> Engine:
    """The first of `providers` that loads the graph and returns what the CPU returns."""
    reference = load(file, CPU)
    candidates = [name for name in providers if name != CPU]
    if not candidates:
        return reference
    inputs = probe or make_probe(reference)
    expected = reference.run(inputs)
    for name in candidates:
        try:
            engine = load(file, name)
            compare(engine.run(inputs), expected)
        except EngineError as error:
            log.warning("%s: %s does not work: %s; trying the next", file.name, name, error)
        else:
            return engine
    return reference


def compare(found: Probe, expected: Probe, tolerance: float = TOLERANCE) -> None:
    """Raise EngineError unless all outputs agree to `tolerance` of the expected spread."""
    for name, want in expected.items():
        have = found.get(name)
        if have is None or have.shape != want.shape:
            raise EngineError(f"output '{name}' is missing or of another shape than on the CPU")
        if not want.size:
            continue
        if not np.isfinite(have).all():
            raise EngineError(f"output '{name}' is not finite")
        gap = np.abs(have.astype(np.float64) - want.astype(np.float64)).max()
        if gap > tolerance * max(1.0, float(np.abs(want).max())):
            raise EngineError(f"output '{name}' differs from the CPU's by {gap:.3g}")


def make_probe(engine: Engine, free: int = 64) -> dict[str, npt.NDArray[Any]]:
    """Inputs that fit the graph: batch 1, `free` for every other free dimension, noise inside."""
    if not isinstance(engine, OnnxEngine):
        raise EngineError("a probe can be made for ONNX graphs only; pass one")
    rng = np.random.default_rng(0)
    dtypes = engine.dtypes()
    probe: dict[str, npt.NDArray[Any]] = {}
    for name, declared in engine.shapes().items():
        shape = [
            size if isinstance(size, int) else (1 if axis == 0 else free)
            for axis, size in enumerate(declared)
        ]
        noise = rng.random(shape)
        whole = np.issubdtype(dtypes[name], np.integer)
        probe[name] = np.asarray(noise * 255 if whole and shape else noise).astype(dtypes[name])
    return probe


def list_providers() -> list[ProviderStatus]:
    """Every provider of RANKING and its state on this machine, proven with a tiny graph."""
    present = set(available())
    short = {name: key for key, name in SHORT.items()}
    rows = []
    for name in RANKING:
        if name not in present:
            reason = "not compiled into the installed ONNX Runtime" + _advice(name)
            rows.append(ProviderStatus(name, short.get(name, name), "absent", reason))
        else:
            rows.append(ProviderStatus(name, short.get(name, name), *_prove(name)))
    return rows


def _advice(provider: str) -> str:
    """How to get a provider, where an extra of edgereg brings it."""
    return "; install edgereg[gpu]" if provider in (TENSORRT, SHORT["cuda"]) else ""


def _prove(provider: str) -> tuple[Literal["works", "fails"], str]:
    """Run the tiny graph on a provider and compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proof.onnx"
        file.write_bytes(PROOF_GRAPH)
        try:
            engine = OnnxEngine(file, provider, threads=1)
            x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(1, 8)
            compare(engine.run({"x": x}), {"y": np.maximum(x, 0)})
        except EngineError as error:
            return "fails", str(error)
    return "works", "a test graph returned what it should"
