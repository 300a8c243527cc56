"""`edgereg.stream`, `edgereg.run` and `edgereg.predict`, with the stand-in tasks."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import edgereg
from edgereg import front_door
from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame
from edgereg.hookspecs import hookimpl
from edgereg.plugins import load_plugins
from edgereg.sources.clips import Clips

Clip = Callable[..., Path]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch, spot_task: Any, colour_task: Any) -> None:
    """The front door finds the stand-in tasks."""
    pytest.importorskip("onnxruntime")

    def edgereg_tasks() -> list[Any]:
        return [spot_task, colour_task]

    plugin = SimpleNamespace(edgereg_tasks=hookimpl(edgereg_tasks))
    entry = SimpleNamespace(name="p", value="p", load=lambda: plugin)
    plugins = load_plugins(disabled=(), entries=[entry])
    monkeypatch.setattr(front_door, "_plugins", lambda: plugins)
    front_door._loaded.cache_clear()


def test_results_come_by_frame_and_iterate_by_prediction(clip: Clip) -> None:
    results = list(edgereg.stream(clip(4), tasks=["colour"]))
    assert [result.index for result in results] == [0, 1, 2, 3]
    assert results[2].source == "clip.mp4"
    for one in results[3]["colour"]:
        assert one["red"] == pytest.approx(16 + 3 * 8, abs=4)
        assert one.initial("red") == 0
        assert one.interval("red") is None, "this model says nothing of its certainty"
        assert one.box is not None
    assert [one.track for one in results[3]["colour"]] == [1, 2]
    assert len(results[3]["spots"]) == 2
    with pytest.raises(KeyError, match="no predictions of 'pose'"):
        results[3]["pose"]


def test_images_from_python_are_a_source() -> None:
    images = (np.full((48, 64, 3), 10 * index, np.uint8) for index in range(3))
    found = [result["colour"][0]["red"] for result in edgereg.stream(images, tasks="colour")]
    assert found == pytest.approx([0, 10, 20], abs=0.01)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3))]
)
def test_an_image_that_is_none_is_named(wrong: Any) -> None:
    with pytest.raises(SourceError, match=r"image 0 is .* uint8 \[height, width, 3\]"):
        edgereg.stream([wrong], tasks="colour")


def test_leaving_the_loop_ends_the_run(clip: Clip) -> None:
    before = threading.active_count()
    for _ in edgereg.stream(clip(29), tasks="colour"):
        break
    assert threading.active_count() == before
    with edgereg.stream(clip(29), tasks="colour") as results:
        assert next(iter(results)).index == 0
    assert threading.active_count() == before


def test_a_source_that_fails_on_the_way_raises_after_its_frames() -> None:
    def images() -> Any:
        yield np.zeros((48, 64, 3), np.uint8)
        yield np.zeros((48, 64, 3), np.uint8)
        yield "no picture"

    results = iter(edgereg.stream(images(), tasks="colour"))
    assert [next(results).index, next(results).index] == [0, 1]
    with pytest.raises(SourceError, match="image 2"):
        next(results)


def test_run_writes_what_the_command_writes(clip: Clip, tmp_path: Path) -> None:
    report = edgereg.run(clip(5), tmp_path / "out.jsonl", str(tmp_path / "out.csv"), tasks="colour")
    assert report.stats.frames == 5
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(lines) == 20
    assert {line["task"] for line in lines} == {"spots", "colour"}
    assert (tmp_path / "out.csv").read_text().startswith("frame,")


def test_run_goes_on_where_a_folder_of_clips_was_stopped(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clips").mkdir()
    for name in ("a", "b"):
        clip(3, name=f"clips/{name}.mp4")
    whole, parts = tmp_path / "whole.jsonl", tmp_path / "parts.jsonl"
    edgereg.run(tmp_path / "clips", whole, tasks="spots")
    with monkeypatch.context() as patch:
        all_frames = Clips.frames

        def stopped(self: Clips) -> Iterator[Frame]:
            yield from islice(all_frames(self), 4)
            raise SourceError("unplugged")

        patch.setattr(Clips, "frames", stopped)
        with pytest.raises(SourceError, match="unplugged"):
            edgereg.run(tmp_path / "clips", parts, tasks="spots")
    report = edgereg.run(tmp_path / "clips", parts, tasks="spots", resume=True)
    assert report.stats.frames == 3, "the first clip was done"
    assert parts.read_text() == whole.read_text()


def test_predict_finds_what_is_in_one_picture() -> None:
    image = np.full((48, 64, 3), 77, np.uint8)
    found = edgereg.predict(image, "colour")
    assert [one["green"] for one in found] == pytest.approx([77, 77])
    record = found.to_records()[0]
    assert record["task"] == "colour"
    assert record["initial"] == {"red": 0, "green": 0, "blue": 0}


def test_predictions_convert(clip: Clip) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    (result,) = edgereg.stream(clip(1), tasks="colour")
    frame = result["colour"].to_pandas()
    assert frame["red"].tolist() == pytest.approx([16, 16], abs=4)
    assert frame.columns[0] == "frame"
    assert result.to_arrow().num_rows == len(result.to_records()) == len(result.to_pandas()) == 4


def test_two_models_for_one_task_are_refused(clip: Clip, colour_task: Any) -> None:
    with pytest.raises(edgereg.EdgeregError, match="a second model for task 'colour'"):
        edgereg.stream(clip(), models=[colour_task.model, colour_task.model])


def test_a_threshold_goes_to_the_detectors(clip: Clip) -> None:
    with pytest.raises(edgereg.EdgeregError, match="a score from 0 to 1, not 57"):
        edgereg.stream(clip(), tasks="colour", threshold=57)
    for call in (
        lambda: edgereg.stream(clip(), tasks="colour", threshold=0.5),
        lambda: edgereg.run(clip(), tasks="colour", threshold=0.5),
        lambda: edgereg.predict(np.zeros((48, 64, 3), np.uint8), "colour", threshold=0.5),
    ):
        with pytest.raises(edgereg.EdgeregError, match="threshold"):  # no model has one here
            call()


def test_nobody_downstream_can_write_into_a_frame(clip: Clip) -> None:
    for result in edgereg.stream(clip(1), tasks="colour"):
        with pytest.raises(ValueError, match="read-only"):
            result.image[0] = 0


def test_import_loads_nothing_heavy() -> None:
    heavy = ("numpy", "cv2", "onnxruntime")
    code = f"import edgereg, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
