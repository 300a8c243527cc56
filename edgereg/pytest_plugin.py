"""pytest's fixtures for plugins: the task as edgereg finds it, a clip, a run.

Imports little: every test run in an environment with edgereg imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edgereg.core.result import FrameResult
    from edgereg.core.tasks import Task
    from edgereg.testing.fakes import FakeModel

pytest.register_assert_rewrite(
    "edgereg.testing.contracts",
    "edgereg.testing.engine_contract",
    "edgereg.testing.filter_contract",
)


@pytest.fixture
def edgereg_task() -> Callable[[str], Task]:
    """edgereg_task(name): a task of an installed plugin; fails with what is wrong with plugins."""
    from edgereg.testing.installed import installed_task

    return installed_task


@pytest.fixture
def edgereg_clip(tmp_path: Path) -> Callable[..., Path]:
    """edgereg_clip(count=8, size=(64, 48), name="clip.mp4"): a video in which a patch moves."""

    def make(
        count: int = 8, size: tuple[int, int] = (64, 48), name: str = "clip.mp4", fps: float = 25.0
    ) -> Path:
        from edgereg.authoring.check.tasks import frames
        from edgereg.core.frames import SourceInfo
        from edgereg.core.result import FrameResult
        from edgereg.sinks.base import RunInfo
        from edgereg.sinks.open import open_sink

        path = tmp_path / name
        info = SourceInfo(name, *size, fps, count, seekable=False, live=False)
        sink = open_sink(path, RunInfo(info))
        for index, image in enumerate(frames(*size, count)):
            sink.write(FrameResult(index, index / fps, image, picture=image))
        sink.close()
        return path

    return make


@pytest.fixture
def edgereg_run() -> Callable[..., list[FrameResult]]:
    """edgereg_run(source, task, regions=None, model=None, faults=False): the results of a run.

    source: a path or text as users type it, or images, uint8 [H, W, 3]. task: a name or a task.
    regions: boxes [N, 4] to look at in every frame, in place of the task that it stands on; model:
    a FakeModel in place of its own. Fails where the task does, with its traceback, but for faults.
    """

    def run(
        source: str | Path | Sequence[npt.NDArray[np.uint8]],
        task: str | Task,
        *,
        regions: Any = None,
        model: FakeModel | None = None,
        faults: bool = False,
    ) -> list[FrameResult]:
        from edgereg.testing.contracts import run_alone, the_faults

        results = run_alone(source, task, regions, model)
        if not faults and (told := the_faults(results)):
            pytest.fail(told, pytrace=False)
        return results

    return run
