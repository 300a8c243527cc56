"""Pictures to calibrate on: what becomes of frames, crops and rendered shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

from edgereg_exporters.errors import ExportError
from edgereg_exporters.precision.calibration import calibration_batches
from edgereg_training.render.shards import HeadShardOptions, write_head_shards

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame
from edgereg.core.model_spec import Graph, ModelSpec
from edgereg.core.regions import Regions
from edgereg.pipeline.loading import Loading, load_tasks
from edgereg.pipeline.sequential import run_sequential
from edgereg.plugins import load_plugins
from edgereg.sources.open import open_source
from edgereg.sources.wrapped import Part

DEMO = Path(__file__).parents[3] / "edgereg" / "assets" / "demo.mp4"


def spec(task: str = "headpose", **size: Any) -> ModelSpec:
    return ModelSpec(
        schema_version=1, name="m", version="1", task=task, method="direct", targets=(),
        input=size, graphs={"predict": Graph(file="predict.onnx", sha256="0" * 64)},
        training_data="none", licence="Apache-2.0",
    )  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures of noise, two of one size."""
    rng = np.random.default_rng(0)
    for index, size in enumerate([(40, 60), (60, 40), (40, 60)]):
        picture = rng.integers(0, 255, (*size, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{index}.png"), picture)
    return tmp_path


def shapes(batches: list[Any]) -> list[tuple[int, ...]]:
    return [batch.shape for batch in batches]


def test_whole_frames_are_letterboxed(pictures: Path) -> None:
    found = calibration_batches(pictures, spec("detection", multiple=16, long_side=48))
    assert shapes(found) == [(1, 32, 48, 3), (1, 48, 32, 3), (1, 32, 48, 3)]
    assert sum(len(batch) for batch in calibration_batches(pictures, spec("detection"), 2)) == 2


@pytest.mark.parametrize("task", ["headpose", "age"])
def test_of_a_video_a_model_of_regions_gets_the_crops_of_the_heads_in_it(task: str) -> None:
    found = np.concatenate(calibration_batches(DEMO, spec(task, width=48, height=48), 6))
    assert found.shape == (6, 48, 48, 3)

    seen: list[Any] = []

    class Kept:
        def write(self, result: Any) -> None:
            seen.append((result.image, result.predictions["headpose"].regions))

        def close(self) -> None:
            """Nothing to close."""

    tasks = load_plugins().tasks()
    first = Part(open_source(DEMO), limit=1)
    run_sequential(first, load_tasks(tasks.values(), ["headpose"], Loading(engine="cpu")), [Kept()])
    image, regions = seen[0]
    prepared = tasks["headpose"].prepare(
        Frame(0, 0.0, image), Regions.of_boxes(regions), spec(width=48, height=48)
    )
    np.testing.assert_array_equal(found[: len(regions)], prepared.images)


def test_heads_that_are_cropped_already_stay_as_they_are(tmp_path: Path) -> None:
    crop = np.random.default_rng(1).integers(0, 255, (24, 24, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "crop.png"), crop)
    (found,) = calibration_batches(tmp_path, spec(width=24, height=24))
    np.testing.assert_array_equal(found[0], crop[..., ::-1])


def test_frames_without_a_head_are_one_line(pictures: Path) -> None:
    with pytest.raises(ExportError, match="'detection' found no region to calibrate on") as told:
        calibration_batches(pictures, spec(width=24, height=24))
    assert "\n" not in str(told.value)


def test_of_rendered_heads_the_true_boxes_are_cropped(tmp_path: Path) -> None:
    options = HeadShardOptions(
        out=tmp_path / "heads", count=5, size=48, seed=1, shard_size=5, people=2
    )
    place = write_head_shards(options)
    assert shapes(calibration_batches(place, spec(width=32, height=32))) == [(5, 32, 32, 3)]


def test_no_pictures_at_all(tmp_path: Path) -> None:
    with pytest.raises((ExportError, SourceError)):
        calibration_batches(tmp_path, spec(width=8, height=8))
