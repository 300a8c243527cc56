"""Plans for TensorRT, compiled once for this machine and kept in the engine cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgereg.core.errors import EngineError
from edgereg.engines.cache import CacheKey, EngineCache, key_for
from edgereg.engines.profile import profile_of
from edgereg.engines.ranges import Batch, Profile
from edgereg.engines.tensorrt.api import TensorRT
from edgereg.engines.tensorrt.batches import remember, remembered
from edgereg.engines.tensorrt.cuda import Cuda
from edgereg.engines.tensorrt.engine import TensorRTEngine
from edgereg.models.folder import load_model

log = logging.getLogger(__name__)

PLAN = "model.plan"
TIMING = "timing.cache"
# What `BuiltEngine.row` shows.
ROW = ("graph", "state", "MB", "file")


@dataclass(frozen=True)
class BuiltEngine:
    """A graph's plan: where it is, its bytes, and whether it was there already."""

    graph: str
    plan: Path
    size: int
    cached: bool

    def row(self) -> tuple[str, str, str, str]:
        """For a table with the columns ROW."""
        state = "was there" if self.cached else "built"
        return self.graph, state, f"{self.size / 1e6:.1f}", str(self.plan)


def build_engine(
    model_folder: Path | str,
    *,
    batch: Batch | None = None,
    cache: EngineCache | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[BuiltEngine]:
    """Compile every graph of a model folder for this machine's GPU with TensorRT.

    batch: images or regions in one run; runs that name none take it from now on, as the range that
    was compiled (None: that of the last time). progress: is told each graph's name before its turn.
    Raises EngineError where TensorRT, cuda-python or a GPU is missing (all that is, in one line) or
    a graph can't be built, ModelFolderError where the folder is no whole model folder.
    """
    folder = load_model(model_folder)
    api = _tensorrt_and_gpu()
    kept = cache or EngineCache()
    built = []
    for graph in folder.spec.graphs:
        progress(graph)
        file = folder.graph_path(graph)
        chosen = batch or remembered(kept.root, file)
        plan, cached = _plan(file, api, profile_of(file, chosen), kept)
        remember(kept.root, file, chosen)
        built.append(BuiltEngine(graph, plan, plan.stat().st_size, cached))
    return built


def load_tensorrt(
    path: Path,
    *,
    batch: Batch | None = None,
    cache: EngineCache | None = None,
    graphs: bool = True,
) -> TensorRTEngine:
    """An ONNX file on TensorRT, compiled now unless the cache has it.

    batch: images or regions in one run; None: as the graph was last compiled by `build_engine`.
    A plan that is whole but does not load (another board of the same name, say) is built again,
    once. Raises EngineError.
    """
    api, cuda = TensorRT(), Cuda()
    kept = cache or EngineCache()
    profile = profile_of(path, batch or remembered(kept.root, path))
    title = f"{path.parent.name}/{path.name} on TensorRT"
    plan, cached = _plan(path, api, profile, kept)
    try:
        return TensorRTEngine(api, cuda, plan.read_bytes(), profile, title=title, graphs=graphs)
    except EngineError as error:
        if not cached:
            raise
        log.warning("%s: the cached engine does not load (%s); it is built again", title, error)
    kept.discard(_key(path, api, profile))
    plan, _ = _plan(path, api, profile, kept)
    return TensorRTEngine(api, cuda, plan.read_bytes(), profile, title=title, graphs=graphs)


def _tensorrt_and_gpu() -> TensorRT:
    """TensorRT's API where it can build; else an EngineError that names everything missing."""
    found, lacking = None, []
    try:
        found = TensorRT()
    except EngineError as error:
        lacking.append(str(error))
    try:
        Cuda()
    except EngineError as error:
        lacking.append(str(error))
    if found is None or lacking:
        raise EngineError("; and ".join(lacking))
    return found


def _key(path: Path, api: TensorRT, profile: Profile) -> CacheKey:
    return key_for(path, "as in the graph", profile.as_dict(), f"tensorrt {api.version}")


def _plan(path: Path, api: TensorRT, profile: Profile, cache: EngineCache) -> tuple[Path, bool]:
    """(the plan's file, whether it was in the cache)."""
    built = []

    def build(folder: Path) -> None:
        built.append(folder)
        timings = cache.root / f"{TIMING}-{api.version}"
        known = b""
        with suppress(OSError):
            known = timings.read_bytes()
        plan, learnt = api.build(path, profile, known)
        (folder / PLAN).write_bytes(plan)
        _keep(timings, learnt)

    return cache.fetch(_key(path, api, profile), build) / PLAN, not built


def _keep(timings: Path, learnt: bytes) -> None:
    """Timings make the next build quicker; without them it only takes longer."""
    with suppress(OSError):
        part = timings.with_name(timings.name + ".part")
        part.write_bytes(learnt)
        part.replace(timings)
