"""COCO, MOTChallenge and 300-W files: true to their formats, whole whatever happens."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.core.errors import SinkError
from edgereg.core.frames import SourceInfo
from edgereg.core.kinds import Boxes, Kind, Points, Scalars, scalar
from edgereg.core.model_spec import Target
from edgereg.core.predictions import Predictions
from edgereg.core.result import Fault, FrameResult
from edgereg.pipeline.staged import StagedPipeline
from edgereg.sinks import space
from edgereg.sinks.base import RunInfo
from edgereg.sinks.coco import finish
from edgereg.sinks.open import open_sink
from edgereg.sources.open import open_source

Result = Callable[..., FrameResult]
CLIP = SourceInfo("/videos/clip.mp4", 64, 48, 20.0, 10, seekable=True, live=False)
PHOTO = SourceInfo("photo.jpg", 64, 48, 1.0, 1, seekable=True, live=False, stills=True)
POINTS = {"detection": (Boxes(),), "landmarks": (Points(("left", "right", "mouth")),)}
BOXES = np.array([[1, 2, 3, 4.5], [10, 10, 30.25, 20]], np.float32)
ENDINGS = [".json", ".txt", ".pts"]


def predictions(task: str, kind: Kind, values: Any, **more: Any) -> Predictions:
    array = np.asarray(values, np.float32)
    scores = np.full(len(array), 0.75, np.float32)
    return Predictions(task, "m", (kind,), array, scores, **more)


def detection() -> Predictions:
    return predictions("detection", Boxes(), BOXES)


def landmarks(count: int = 1) -> Predictions:
    return predictions(
        "landmarks",
        Points(("left", "right", "mouth")),
        np.tile(np.array([1, 2, 3, 4, 5, 6.25]), (count, 1)),
    )


def frame(result: Result, *found: Predictions, index: int = 0) -> FrameResult:
    return replace(result(index), predictions={p.task: p for p in found})


def heads(result: Result, index: int = 0) -> FrameResult:
    """Two heads; the task 'colour' looked at the first."""
    return frame(result, detection(), result().predictions["colour"], index=index)


def coco(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_coco_holds_frames_boxes_and_attributes(tmp_path: Path, result: Result) -> None:
    path = tmp_path / "new" / "out.json"
    sink = open_sink(path, RunInfo(CLIP))
    sink.write(heads(result, 3))
    sink.write(frame(result, index=4))
    sink.write(heads(result, 5))
    sink.close()
    sink.close()
    found = coco(path)
    assert [*found] == ["info", "images", "annotations", "categories"]
    assert found["categories"] == [{"id": 1, "name": "detection"}, {"id": 2, "name": "colour"}]
    assert found["images"][0] == {
        "id": 1,
        "file_name": "clip-000003.jpg",
        "width": 64,
        "height": 48,
        "frame": 3,
        "time_s": 0.15,
    }
    assert [image["frame"] for image in found["images"]] == [3, 4, 5]
    places = [(a["id"], a["image_id"], a["category_id"]) for a in found["annotations"]]
    assert places == [(1, 1, 1), (2, 1, 1), (3, 3, 1), (4, 3, 1)]
    first, second = found["annotations"][:2]
    assert (first["bbox"], first["area"]) == ([1, 2, 2, 2.5], 5)
    assert (first["score"], first["track_id"], first["iscrowd"]) == (0.75, 0, 0)
    assert first["attributes"]["red"] == 10.1
    assert first["attributes"]["red_std"] == 0.25
    assert first["attributes"]["red_initial"] == 1
    assert (second["bbox"], second["attributes"]) == ([10, 10, 20.25, 10], {})
    assert "track_id" not in second
    assert [*tmp_path.rglob("*")] == [tmp_path / "new", path]


def test_coco_keeps_names_apart_and_values_without_a_box(tmp_path: Path, result: Result) -> None:
    colour = result().predictions["colour"]
    again = replace(colour, task="again")
    steering = predictions("driving", scalar("angle"), [[7]])
    sink = open_sink(tmp_path / "out.json", RunInfo(PHOTO))
    sink.write(replace(frame(result, detection(), colour, again, steering), source="photo.jpg"))
    sink.close()
    found = coco(tmp_path / "out.json")
    assert found["images"][0]["file_name"] == "photo.jpg"
    assert found["images"][0]["attributes"] == {"angle": 7}
    attributes = found["annotations"][0]["attributes"]
    assert attributes["again.red"] == attributes["red"] == 10.1
    assert attributes["again.red_std"] == 0.25


def test_coco_has_keypoints_seen_and_not(tmp_path: Path, result: Result) -> None:
    kind = Points(("left", "right", "mouth"), skeleton=((0, 1), (1, 2)), sure=0.05)
    face = predictions(
        "landmarks",
        kind,
        [[1, 2, 3, 4, 5, 6.25]],
        regions=BOXES[1:],
        std=np.array([[1, 1, 1.1, 1.1, 9, 9]], np.float32),  # the head's longer side is 20.25
    )
    sink = open_sink(tmp_path / "out.json", RunInfo(CLIP))
    sink.write(frame(result, detection()))
    sink.write(frame(result, detection(), face, index=1))
    sink.close()
    found = coco(tmp_path / "out.json")
    head, landmarks = found["categories"]
    assert landmarks == {"id": 2, "name": "landmarks"}
    assert head == {
        "id": 1,
        "name": "detection",
        "keypoints": ["left", "right", "mouth"],
        "skeleton": [[1, 2], [2, 3]],
    }
    second, fourth = found["annotations"][1], found["annotations"][3]
    assert "keypoints" not in second
    assert fourth["keypoints"] == [1, 2, 2, 3, 4, 1, 5, 6.25, 1]
    assert fourth["num_keypoints"] == 1


def test_a_region_that_nobody_detected_is_a_box_of_its_task(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.json", RunInfo(CLIP))
    sink.write(frame(result, result(count=2).predictions["colour"]))
    sink.close()
    found = coco(tmp_path / "out.json")
    assert [a["track_id"] for a in found["annotations"]] == [0, 1]
    assert found["categories"] == [{"id": 1, "name": "colour"}]


def test_coco_without_frames(tmp_path: Path) -> None:
    open_sink(tmp_path / "out.json", RunInfo(replace(CLIP, name="caf\udce9.mp4"))).close()
    assert coco(tmp_path / "out.json")["images"] == []


def test_coco_is_read_by_an_evaluation_tool(tmp_path: Path, result: Result) -> None:
    reader = pytest.importorskip("faster_coco_eval")
    sink = open_sink(tmp_path / "out.json", RunInfo(CLIP))
    sink.write(heads(result))
    sink.close()
    assert len(reader.COCO(str(tmp_path / "out.json")).getAnnIds(imgIds=[1])) == 2


def test_coco_stops_while_the_disk_still_takes_it(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "out.json", RunInfo(CLIP))
    for _ in range(30):
        sink.write(heads(result))
    free = space.RESERVE + 5000  # enough by the general rule, too little for what waits
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    with pytest.raises(SinkError, match="nearly full"):
        sink.write(heads(result))
    sink.close()
    assert len(coco(tmp_path / "out.json")["images"]) == 30


def test_a_failing_end_leaves_the_file_of_before(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    path.write_text("before")
    sink = open_sink(path, RunInfo(CLIP))
    sink.write(heads(result))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SinkError, match=r"out\.json.*free some space"):
        sink.close()
    sink.close()
    monkeypatch.undo()
    assert path.read_text() == "before"
    finish(path)
    assert len(json.loads(path.read_text())["images"]) == 1
    assert [*tmp_path.iterdir()] == [path]


def test_mot_lines_count_from_one(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.txt", RunInfo(CLIP))
    sink.write(heads(result, 0))
    sink.write(frame(result, index=1))
    sink.write(frame(result, landmarks(), index=2))
    sink.write(heads(result, 11))
    assert len((tmp_path / "out.txt").read_text().splitlines()) == 4, "written at once"
    sink.close()
    assert (tmp_path / "out.txt").read_text().splitlines() == [
        "1,0,2.0,3.0,2.0,2.5,0.75,-1,-1,-1",
        "1,-1,11.0,11.0,20.25,10.0,0.75,-1,-1,-1",
        "12,0,2.0,3.0,2.0,2.5,0.75,-1,-1,-1",
        "12,-1,11.0,11.0,20.25,10.0,0.75,-1,-1,-1",
    ]


def test_the_points_of_a_still_image(tmp_path: Path, result: Result) -> None:
    sink = open_sink(tmp_path / "out.pts", RunInfo(PHOTO, POINTS))
    sink.write(frame(result, detection(), landmarks()))
    sink.close()
    assert (tmp_path / "out.pts").read_text() == (
        "version: 1\nn_points: 3\n{\n1.500 2.500\n3.500 4.500\n5.500 6.750\n}\n"
    )
    assert [*tmp_path.iterdir()] == [tmp_path / "out.pts"]


@pytest.mark.parametrize(
    ("info", "index", "count", "names"),
    [
        (CLIP, 12, 1, ["out-000012-0.pts"]),
        (CLIP, 3, 2, ["out-000003-0.pts", "out-000003-1.pts"]),
        (PHOTO, 0, 2, ["out-000000-0.pts", "out-000000-1.pts"]),
        (CLIP, 0, 0, []),
    ],
)
def test_a_file_for_each_face(
    tmp_path: Path, result: Result, info: SourceInfo, index: int, count: int, names: list[str]
) -> None:
    sink = open_sink(tmp_path / "out.pts", RunInfo(info, POINTS))
    sink.write(frame(result, landmarks(count), index=index))
    sink.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_no_task_gives_points(tmp_path: Path) -> None:
    many = Scalars(
        tuple(Target(name=f"n{number}", unit="px", low=0, high=1) for number in range(136))
    )
    run = RunInfo(CLIP, {"detection": (Boxes(),), "numbers": (many,)})
    with pytest.raises(SinkError, match="no task gives points, only detection, numbers run"):
        open_sink(tmp_path / "out.pts", run)
    assert not [*tmp_path.iterdir()]


def test_photographs_of_a_folder_keep_their_names(tmp_path: Path, result: Result) -> None:
    folder = SourceInfo("holiday", 64, 48, 1.0, 2, seekable=True, live=False, stills=True)
    sink = open_sink(tmp_path / "out.json", RunInfo(folder))
    for index, name in enumerate(["c5-a.jpg", "b.png"]):
        sink.write(replace(frame(result, detection(), index=index), source=name))
    sink.close()
    names = [image["file_name"] for image in coco(tmp_path / "out.json")["images"]]
    assert names == ["c5-a.jpg", "b.png"]


def test_coco_categories_are_the_classes_of_boxes(tmp_path: Path, result: Result) -> None:
    cells = predictions("detection", Boxes(("red", "white")), BOXES, labels=np.array([1, 0]))
    sink = open_sink(tmp_path / "out.json", RunInfo(CLIP))
    sink.write(frame(result, cells))
    sink.close()
    found = coco(tmp_path / "out.json")
    assert found["categories"] == [{"id": 1, "name": "red"}, {"id": 2, "name": "white"}]
    assert [a["category_id"] for a in found["annotations"]] == [2, 1]


def test_a_task_that_failed_or_found_nothing_may_give_points_later(
    tmp_path: Path, result: Result
) -> None:
    sink = open_sink(tmp_path / "out.pts", RunInfo(CLIP, POINTS))
    sink.write(frame(result))
    sink.write(frame(result, detection(), landmarks(0)))
    sink.write(replace(heads(result), faults=(Fault("landmarks", "predict", "broken"),)))
    sink.write(frame(result, detection(), landmarks(), index=3))
    sink.write(heads(result, 4))
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out-000003-0.pts"]


def test_points_on_a_nearly_full_disk(
    tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = open_sink(tmp_path / "out.pts", RunInfo(CLIP, POINTS))
    sink.write(frame(result, landmarks()))
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(SinkError, match="nearly full"):
        sink.write(frame(result, landmarks(), index=1))
    assert [path.name for path in tmp_path.iterdir()] == ["out-000000-0.pts"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_unwritable_places(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / f"folder{ending}"
    folder.mkdir()
    with pytest.raises(SinkError, match=r"folder\.\w+: is a folder"):
        open_sink(folder, RunInfo(CLIP, POINTS))
    with pytest.raises(SinkError, match="can't be written"):
        open_sink(tmp_path / "file" / f"out{ending}", RunInfo(CLIP, POINTS))


@pytest.mark.parametrize("ending", ENDINGS)
def test_writing_after_closing(tmp_path: Path, result: Result, ending: str) -> None:
    sink = open_sink(tmp_path / f"out{ending}", RunInfo(CLIP, POINTS))
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(frame(result, detection(), landmarks()))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stop_midway_leaves_whole_files(
    tmp_path: Path, result: Result, clip: Callable[..., Path], ending: str
) -> None:
    class Beside:
        """Puts landmarks and boxes into results, as no model is at hand."""

        sink = open_sink(tmp_path / "out" / f"out{ending}", RunInfo(CLIP, POINTS))
        count = 0

        def write(self, _: FrameResult) -> None:
            self.sink.write(frame(result, detection(), landmarks(), index=self.count))
            self.count += 1
            time.sleep(0.05)

        def close(self) -> None:
            self.sink.close()

    beside = Beside()
    pipeline = StagedPipeline(open_source(clip(25)), [], [beside])
    pipeline.start()
    while beside.count < 5:
        time.sleep(0.01)
    pipeline.stop()
    paths = sorted((tmp_path / "out").iterdir())
    if ending == ".json":
        assert len(coco(paths[0])["images"]) == beside.count
    elif ending == ".txt":
        assert len(paths[0].read_text().splitlines()) == 2 * beside.count
    else:
        assert len(paths) == beside.count
        assert all(path.read_text().endswith("}\n") for path in paths)
