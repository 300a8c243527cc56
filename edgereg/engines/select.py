"""Which provider runs a graph: the one asked for, or the fastest that is proven to work."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from edgereg.engines.base import Engine
from edgereg.engines.cache import EngineCache, key_for
from edgereg.engines.onnx import CPU, OnnxEngine
from edgereg.engines.profile import Profile, profile_of
from edgereg.engines.providers import CUDA, TENSORRT, cuda_options, tensorrt_options
from edgereg.errors import EngineError

log = logging.getLogger(__name__)

# TensorRT's own Python API, without ONNX Runtime: the only way to it on a Jetson.
NATIVE = "TensorRT"
# Fastest first. A provider that is not named here is never taken unasked.
RANKING = (
    NATIVE,
    TENSORRT,
    "NvTensorRTRTXExecutionProvider",
    CUDA,
    "MIGraphXExecutionProvider",
    "OpenVINOExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
    CPU,
)
SHORT = {
    "cpu": CPU,
    "cuda": CUDA,
    "tensorrt": NATIVE,
    "ort-tensorrt": TENSORRT,
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
FREE = 64

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
        if name == NATIVE:
            return _load_native(file)
        if name == TENSORRT:
            return _load_compiled(file, probe, threads)
        options = cuda_options() if name == CUDA else None
        return OnnxEngine(file, name, options=options, threads=threads)

    file = Path(path)
    if loaders and provider in loaders:
        return loaders[provider](file)
    if provider != "auto":
        return load(file, SHORT.get(provider.lower(), provider))
    return choose(file, available(), load, probe)


def _load_native(file: Path) -> Engine:
    from edgereg.engines.build import load_tensorrt

    return load_tensorrt(file)


def _load_compiled(file: Path, probe: Probe | None, threads: int | None) -> Engine:
    """TensorRT through ONNX Runtime: compiled and proven in a folder of its own, then kept."""
    cache = EngineCache()
    profile = profile_of(file)

    def load(folder: Path) -> OnnxEngine:
        options = tensorrt_options(folder, cache.root, profile)
        return OnnxEngine(file, TENSORRT, options=options, threads=threads)

    def build(folder: Path) -> None:
        engine = load(folder)
        engine.run(probe or make_probe(engine, profile))

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


def choose(file: Path, providers: Sequence[str], load: Loader, probe: Probe | None) -> Engine:
    """The first of `providers` that loads the graph and returns what the CPU returns."""
    reference = load(file, CPU)
    candidates = [name for name in providers if name != CPU]
    if not candidates:
        return reference
    inputs = probe or make_probe(reference, profile_of(file))
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


def make_probe(engine: Engine, profile: Profile | None = None) -> dict[str, npt.NDArray[Any]]:
    """Inputs that fit the graph, noise inside.

    Shapes are the profile's usual ones; without it batch 1 and 64 for every other free dimension.
    A whole number of no dimension (how many steps) is 2.
    """
    if not isinstance(engine, OnnxEngine):
        raise EngineError("a probe can be made for ONNX graphs only; pass one")
    rng = np.random.default_rng(0)
    dtypes = engine.dtypes()
    probe: dict[str, npt.NDArray[Any]] = {}
    for name, declared in engine.shapes().items():
        shape: Sequence[int] = [
            size if isinstance(size, int) else (1 if axis == 0 else FREE)
            for axis, size in enumerate(declared)
        ]
        if profile is not None:
            shape = profile.shapes[name][1]
        noise = rng.random(shape)
        if np.issubdtype(dtypes[name], np.integer):
            noise = np.asarray(noise * 255 if shape else 2)
        probe[name] = np.asarray(noise).astype(dtypes[name])
    return probe


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
    """Run the tiny graph on a provider and compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proof.onnx"
        file.write_bytes(PROOF_GRAPH)
        try:
            engine = (
                _load_native(file) if provider == NATIVE else OnnxEngine(file, provider, threads=1)
            )
            x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(1, 8)
            compare(engine.run({"x": x}), {"y": np.maximum(x, 0)})
        except EngineError as error:
            return "fails", str(error)
    return "works", "a test graph returned what it should"
