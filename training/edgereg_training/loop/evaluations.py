"""Which test data and which measurement belong to a task.

A measurement is a function `(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]`
that runs the model's ONNX graphs, as the runtime does, on a folder of rendered shards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgereg.core.errors import EdgeregError

if TYPE_CHECKING:
    from edgereg.models.folder import ModelFolder
    from edgereg_training.loop.bootstrap import Figure
    from edgereg_training.render.shards import Progress

    Measure: TypeAlias = Callable[[ModelFolder, Path, Progress], list[Figure]]

TEST_SEED = 902


@dataclass(frozen=True)
class Evaluation:
    """kind: of the rendered data; count: pictures; measure: import path of the function."""

    kind: Literal["heads", "scenes"]
    count: int
    measure: str


EVALUATIONS = {
    task: Evaluation("heads", 3000, "edgereg_training.regression.evaluation:measure")
    for task in ("headpose", "age", "landmarks")
} | {
    "detection": Evaluation("scenes", 1500, "edgereg_training.detection.evaluation:measure"),
}


def evaluation_of(task: str) -> Evaluation:
    """The evaluation of a task; raises EdgeregError where there is none."""
    if task not in EVALUATIONS:
        known = ", ".join(sorted(EVALUATIONS))
        raise EdgeregError(f"there is no evaluation of task '{task}' (known: {known})")
    return EVALUATIONS[task]


def measure_of(evaluation: Evaluation) -> Measure:
    """The function that measures."""
    module, name = evaluation.measure.split(":")
    function: Measure = getattr(import_module(module), name)
    return function


def render_test_data(
    evaluation: Evaluation,
    count: int,
    assets: Path | None,
    cache: Path,
    progress: Progress,
) -> Path:
    """Render the test identities into a folder of `cache`, where it is not there yet."""
    from edgereg_training.render import shards

    source = "stand-in" if assets is None else "makehuman"
    name = f"{evaluation.kind}-test-{source}-{count}-v{shards.RENDERER_VERSION}"
    if evaluation.kind == "heads":
        return shards.write_head_shards(
            shards.HeadShardOptions(
                out=cache / name,
                count=count,
                size=96,
                seed=TEST_SEED,
                split="test",
                distribution="uniform-wide",
                assets=assets,
                shard_size=1000,
                fill=(0.58, 0.82),
            ),
            progress,
        )
    return shards.write_scene_shards(
        shards.SceneShardOptions(
            out=cache / name,
            count=count,
            seed=TEST_SEED,
            split="test",
            assets=assets,
            shard_size=100,
        ),
        progress,
    )
