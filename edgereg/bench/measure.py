"""How fast the graphs of a loaded model run, for several batch sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgereg.bench.energy import Meter
from edgereg.bench.record import Row
from edgereg.demo import CLIP, load_truth
from edgereg.pipeline.loading import LoadedTask
from edgereg.pipeline.steps import ascend
from edgereg.sources.open import open_source
from edgereg.tasks import Prepared, Proposal

WARM_UP = 3
GRID = 1024


@dataclass(frozen=True)
class Effort:
    """How often each graph is run, and for how many images at once."""

    batches: Sequence[int] = (1,)
    runs: int = 50


def measure(loaded: LoadedTask, engine: str, effort: Effort) -> Iterator[Row]:
    """Rows for `predict`, `refine` and `density`, as far as the model has them.

    The images are the bundled clip's first frame, or its first head, as often as the batch says.
    """
    prepared = _first(loaded)
    images = prepared.images[:1]
    name = loaded.predict.inputs[0]
    proposal = loaded.task.propose(loaded.predict.run({name: images}), prepared, loaded.spec)
    with Meter() as meter:
        for batch in effort.batches:
            for graph, rows, call in _calls(loaded, images, proposal, batch):
                taken, energy = _time(call, effort.runs, meter)
                p50, p95, p99 = (round(float(p), 4) for p in np.percentile(taken, [50, 95, 99]))
                yield Row(
                    loaded.spec.name,
                    loaded.spec.precision,
                    engine,
                    graph,
                    batch,
                    p50,
                    p95,
                    p99,
                    per_s=round(1000 * rows / p50, 2),
                    device_mb=meter.memory_mb,
                    energy_mj=energy,
                )


def _first(loaded: LoadedTask) -> Prepared:
    source = open_source(CLIP)
    frame = next(source.frames()).image
    source.close()
    boxes = np.stack([load_truth()[0][0].box])
    return loaded.task.prepare(frame, boxes if loaded.task.upstream else None, loaded.spec)


def _calls(
    loaded: LoadedTask, images: Any, proposal: Proposal, batch: int
) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """(graph, rows of a run, the run) for each graph."""
    name = loaded.predict.inputs[0]
    many = np.repeat(images, batch, axis=0)
    yield "predict", batch, lambda: loaded.predict.run({name: many})
    features = {n: np.repeat(array[:1], batch, axis=0) for n, array in proposal.features.items()}
    initial = np.repeat(proposal.initial[:1], batch, axis=0)
    engine, settings = loaded.refine, loaded.spec.refinement
    if engine is not None and settings is not None:
        start = replace(proposal, initial=initial, features=features)
        candidates = batch * initial.shape[1]
        title = f"refine ({candidates} candidates, {settings.steps} steps)"
        yield title, candidates, lambda: ascend(engine, start, settings, settings.steps)
    density = loaded.density
    if density is not None and "grid" in density.inputs:
        grid = np.repeat(initial[:, :1], GRID, axis=1)
        yield f"density ({GRID} points)", batch, lambda: density.run({**features, "grid": grid})


def _time(call: Callable[[], Any], runs: int, meter: Meter) -> tuple[list[float], float | None]:
    """(milliseconds of each run, millijoules of one run)."""
    for _ in range(WARM_UP):
        call()
    meter.clear()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    watts = meter.watts
    return taken, None if watts is None else round(watts * float(np.mean(taken)), 3)
