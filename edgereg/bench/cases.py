"""What is measured: each graph of a model on an engine, for several batch sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgereg.core.errors import EngineError
from edgereg.core.model_spec import GraphName
from edgereg.core.regions import Regions
from edgereg.core.tasks import Prepared, Proposal, RegionTask
from edgereg.demo.clip import CLIP, load_truth
from edgereg.engines.base import Engine, EngineLoader
from edgereg.engines.machine import usable_cores
from edgereg.engines.select import SHORT, load_engine
from edgereg.models.folder import SPEC_FILE, ModelFolder
from edgereg.pipeline.loading import LoadedRegionTask, threads_of
from edgereg.pipeline.refining import ascend
from edgereg.sources.open import open_source

GRID = 1024
# As they follow each other in the table.
GRAPHS: tuple[GraphName, ...] = ("predict", "refine", "density", "spread")


@dataclass(frozen=True, eq=False)
class Case:
    """One graph of one model on one engine with so many images; `call` runs it once.

    model: its name in the table. rows: what a run works on, images or candidates. file_mb: of the
    graph's file. title: the graph's, with what a run of it works on. threads: on the CPU.
    """

    model: str
    task: str
    precision: str
    engine: str
    graph: GraphName
    title: str
    batch: int
    rows: int
    file_mb: float
    threads: int
    call: Callable[[], Any]

    @property
    def work(self) -> tuple[str, str, int, str]:
        """Equal for cases that differ in the model's precision only."""
        return self.task, self.title, self.batch, self.engine


@dataclass(frozen=True)
class Loaded:
    """The graphs of a model that load on an engine, with how many threads; why the others don't."""

    task: LoadedRegionTask
    engine: str
    threads: Mapping[GraphName, int]
    failures: Mapping[GraphName, EngineError]


@dataclass(frozen=True)
class Wanted:
    """What to measure of each model."""

    batches: Sequence[int] = (1,)
    graphs: Sequence[GraphName] = GRAPHS


def load_graphs(
    task: RegionTask,
    model: ModelFolder,
    engine: str,
    threads: int | None,
    loaders: Mapping[str, EngineLoader],
) -> Loaded:
    """Load each graph by itself; threads: None for those that a run of one task would take.

    Raises EngineError where `predict` can't be loaded.
    """
    counts = {name: threads_of(name, threads, usable_cores()) for name in GRAPHS}

    def load(name: GraphName) -> Engine:
        path, count = model.graph_path(name), counts[name]
        return load_engine(path, engine, threads=count, loaders=loaders)

    found: dict[GraphName, Engine] = {"predict": load("predict")}
    failures: dict[GraphName, EngineError] = {}
    for name in GRAPHS[1:]:
        if model.has(name):
            try:
                found[name] = load(name)
            except EngineError as error:
                failures[name] = error
    provider = found["predict"].provider if engine == "auto" else engine
    short = next((key for key, known in SHORT.items() if known == provider), provider)
    graphs = LoadedRegionTask(
        task, model, found["predict"], *(found.get(name) for name in GRAPHS[1:])
    )
    return Loaded(graphs, short, {name: counts[name] for name in found}, failures)


def cases_of(loaded: Loaded, label: str, wanted: Wanted) -> Iterator[Case]:
    """Cases for the wanted graphs, as far as the model has them.

    The images are the bundled clip's first frame, or its first head, as often as the batch says.
    Raises EngineError where `predict` fails on them.
    """
    task = loaded.task
    prepared = _first(task)
    images = prepared.images[:1]
    outputs = task.predict.run({task.predict.inputs[0]: images})
    proposal = task.task.propose(outputs, prepared, task.spec)
    for batch in wanted.batches:
        for name, title, rows, call in _calls(task, images, proposal, batch):
            if name not in wanted.graphs:
                continue
            yield Case(
                model=label,
                task=task.name,
                precision=task.spec.precision,
                engine=loaded.engine,
                graph=name,
                title=title,
                batch=batch,
                rows=rows,
                file_mb=round(task.model.graph_path(name).stat().st_size / 1e6, 2),
                threads=loaded.threads[name],
                call=call,
            )


def _first(loaded: LoadedRegionTask) -> Prepared:
    source = open_source(CLIP)
    frame = next(source.frames())
    source.close()
    head = Regions.of_boxes(load_truth()[0][0].box)
    return loaded.task.prepare(frame, head if loaded.task.upstream else None, loaded.spec)


def _calls(
    loaded: LoadedRegionTask, images: Any, proposal: Proposal, batch: int
) -> Iterator[tuple[GraphName, str, int, Callable[[], Any]]]:
    """(graph, its title, rows of a run, the run) for each graph."""
    name = loaded.predict.inputs[0]
    many = np.repeat(images, batch, axis=0)
    yield "predict", "predict", batch, lambda: loaded.predict.run({name: many})
    features = {n: np.repeat(array[:1], batch, axis=0) for n, array in proposal.features.items()}
    initial = np.repeat(proposal.initial[:1], batch, axis=0)
    engine, settings = loaded.refine, loaded.spec.refinement
    if engine is not None and settings is not None:
        start = replace(proposal, initial=initial, features=features)
        candidates = batch * initial.shape[1]
        title = f"refine ({candidates} candidates, {settings.steps} steps)"
        yield "refine", title, candidates, lambda: ascend(engine, start, settings, settings.steps)
    density = loaded.density
    if density is not None and "grid" in density.inputs:
        grid = np.repeat(initial[:, :1], GRID, axis=1)
        inputs = {**features, "grid": grid}
        yield "density", f"density ({GRID} points)", batch, lambda: density.run(inputs)
    spread = loaded.spread
    if spread is not None:
        final = {**features, "final": initial}
        boxes = batch * initial.shape[1]
        yield "spread", f"spread ({boxes} boxes)", boxes, lambda: spread.run(final)


def model_folders(place: Path) -> list[Path]:
    """A model folder itself, or the model folders that a folder holds, by name."""
    if not (place / SPEC_FILE).is_file() and place.is_dir():
        found = sorted(path.parent for path in place.glob(f"*/{SPEC_FILE}"))
        if found:
            return found
    return [place]
