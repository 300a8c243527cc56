"""`edgereg bench`: how fast the graphs of a model run."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgereg.cli.session import Session, pass_session
from edgereg.cli.tables import show_table
from edgereg.cli.waiting import at_work
from edgereg.errors import PluginError

if TYPE_CHECKING:
    from edgereg.pipeline.loading import LoadedTask
    from edgereg.tasks import Prepared, Task

WARM_UP = 3


@click.command("bench")
@click.argument("model")
@click.option("--engine", default="auto", show_default=True, help="A name that 'engines' lists.")
@click.option("--regions", type=click.IntRange(1), default=1, show_default=True, help="A frame.")
@click.option("--runs", type=click.IntRange(1), default=50, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: all cores).")
@pass_session
def command(session: Session, /, model: str, **options: Any) -> None:
    """Time the graphs of a model.

    MODEL: a model folder or a task, timed on the bundled clip's first frame. A model that looks at
    regions gets so many of them in one run. `refine` climbs all candidates by the model's own
    number of steps.
    """
    from edgereg.models.folder import load_model
    from edgereg.pipeline.loading import load_task

    tasks = session.tasks()
    folder = tasks[model].model if model in tasks else Path(model)
    task = _task_for(tasks, load_model(folder).spec.task)
    loaded = load_task(
        task,
        folder,
        provider=options["engine"],
        threads=options["threads"],
        loaders=session.plugins.engines(),
    )
    with at_work(f"timing {loaded.spec.name}"):
        rows = _measure(loaded, options["regions"], options["runs"])
    show_table(
        ("graph", "provider", "p50 ms", "p95 ms", "p99 ms", "per second"),
        rows,
        title=f"{loaded.spec.name} {loaded.spec.version}",
    )


def _task_for(tasks: dict[str, Task], name: str) -> Task:
    if name not in tasks:
        raise PluginError(f"no plugin brings the task '{name}' of this model; see: edgereg tasks")
    return tasks[name]


def _measure(loaded: LoadedTask, regions: int, runs: int) -> list[list[str]]:
    from edgereg.pipeline.steps import ascend

    prepared = _prepare(loaded, regions)
    images = {loaded.predict.inputs[0]: prepared.images}
    rows = [_row("predict", loaded.predict.provider, lambda: loaded.predict.run(images), runs)]
    engine, settings = loaded.refine, loaded.spec.refinement
    if engine is not None and settings is not None:
        proposal = loaded.task.propose(loaded.predict.run(images), prepared, loaded.spec)
        candidates = proposal.initial.shape[0] * proposal.initial.shape[1]
        name = f"refine ({candidates} candidates, {settings.steps} steps)"
        climb = partial(ascend, engine, proposal, settings, settings.steps)
        rows.append(_row(name, engine.provider, climb, runs))
    return rows


def _prepare(loaded: LoadedTask, regions: int) -> Prepared:
    import numpy as np

    from edgereg.demo import CLIP, load_truth
    from edgereg.sources.open import open_source

    source = open_source(CLIP)
    frame = next(source.frames()).image
    source.close()
    boxes = [head.box for head in load_truth()[0]]
    chosen = np.stack([boxes[index % len(boxes)] for index in range(regions)])
    return loaded.task.prepare(frame, chosen if loaded.task.upstream else None, loaded.spec)


def _row(name: str, provider: str, call: Callable[[], Any], runs: int) -> list[str]:
    import numpy as np

    taken = []
    for _ in range(WARM_UP + runs):
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    p50, p95, p99 = np.percentile(taken[WARM_UP:], [50, 95, 99])
    return [name, provider, f"{p50:.2f}", f"{p95:.2f}", f"{p99:.2f}", f"{1000 / p50:.1f}"]
