"""The test kit fails where a plugin does, and gives a task what a test says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.api import RunInfo
from edgereg.pipeline.loading import Loading, load_task
from edgereg.sources.file import VideoFile
from edgereg.testing import FakeModel, SinkContract, SourceContract, TaskContract

pytest.importorskip("onnxruntime")


class TestCsv(SinkContract):
    ending = ".csv"


class TestJsonl(SinkContract):
    ending = ".jsonl"


class TestCoco(SinkContract):
    ending = ".json"


class TestVideo(SourceContract):
    @pytest.fixture
    def opened(self, edgereg_clip: Callable[..., Path]) -> VideoFile:
        return VideoFile(edgereg_clip(5))


def contract(task: Any) -> TaskContract:
    found = TaskContract()
    type(found).task = task.name
    return found


def test_a_broken_task_breaks_the_contract(colour_task: Any, monkeypatch: Any) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("oh")

    loaded = load_task(colour_task, Loading(engine="cpu"))
    contract(colour_task).test_any_frame_is_answered(loaded, "ordinary")
    monkeypatch.setattr(type(colour_task), "conclude", broken)
    with pytest.raises(
        pytest.fail.Exception, match=r"(?s)'conclude': ZeroDivisionError.*in broken"
    ):
        contract(colour_task).test_any_frame_is_answered(loaded, "ordinary")


def test_a_task_that_remembers_breaks_the_contract(colour_task: Any, monkeypatch: Any) -> None:
    calls: list[int] = []
    honest = type(colour_task).conclude

    def remembering(*parts: Any) -> Any:
        calls.append(1)
        found = honest(*parts)
        return replace(found, values=found.values + len(calls))

    loaded = load_task(colour_task, Loading(engine="cpu"))
    contract(colour_task).test_a_clip_has_the_same_answers_the_second_time(loaded)
    monkeypatch.setattr(type(colour_task), "conclude", remembering)
    with pytest.raises(AssertionError):
        contract(colour_task).test_a_clip_has_the_same_answers_the_second_time(loaded)


def test_a_sink_that_takes_any_place_breaks_the_contract(tmp_path: Path) -> None:
    class Careless(SinkContract):
        ending = ".x"

        def open_at(self, path: Path) -> Any:
            return FakeSink(path, None)

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        Careless().test_a_place_that_can_not_be_written(tmp_path)
    with pytest.raises(AssertionError):
        Careless().test_a_run_is_written(tmp_path)


class FakeSink:
    def __init__(self, path: Path, run: RunInfo | None) -> None:
        pass

    def write(self, result: Any) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_fake_model_answers_what_a_test_says(
    colour_task: Any, edgereg_run: Callable[..., Any]
) -> None:
    colours = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    model = FakeModel({"values": colours, "features": colours})
    boxes = [[0, 0, 20, 20], [10, 10, 40, 30]]
    images = [np.full((48, 64, 3), 90, np.uint8)] * 2
    results = edgereg_run(images, colour_task, regions=boxes, model=model)
    assert [image.shape for image in model.asked] == [(2, 8, 8, 3)] * 2
    assert results[1]["colour"].regions.tolist() == boxes
    counted = FakeModel(lambda images: {"values": images.mean((1, 2)), "features": colours})
    edgereg_run(images, colour_task, regions=boxes, model=counted)
    with pytest.raises(pytest.fail.Exception, match="has no output 'features'"):
        edgereg_run(images, colour_task, regions=boxes, model=FakeModel({"values": colours}))


def test_a_run_of_a_clip_with_what_a_task_stands_on(
    edgereg_clip: Callable[..., Path], edgereg_run: Callable[..., Any]
) -> None:
    results = edgereg_run(edgereg_clip(3), "headpose")
    assert [len(result["headpose"]) for result in results] == [0, 0, 0]


def test_a_task_that_there_is_not(edgereg_task: Callable[[str], Any]) -> None:
    assert edgereg_task("landmarks").upstream == "detection"
    with pytest.raises(pytest.fail.Exception, match="no plugin adds a task 'gone'"):
        edgereg_task("gone")


def test_the_plugin_of_pytest_is_light() -> None:
    code = "import sys, edgereg.pytest_plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "cv2", "onnxruntime", "pydantic"} & {*done.stdout.split()}
