"""Tracks and carried boxes in a run: the same numbers in every way of running."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.assembly import in_order, make_pipeline
from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.core.settings import Settings
from edgereg.core.tasks import Proposal
from edgereg.pipeline.following import Follower, Rhythm
from edgereg.pipeline.loading import LoadedTask
from edgereg.sources.clips import Clips
from edgereg.sources.file import VideoFile

Clip = Callable[..., Path]


class Kept:
    def __init__(self) -> None:
        self.results: list[Any] = []

    def write(self, result: Any) -> None:
        self.results.append(result)

    def close(self) -> None:
        pass


def tracks(kept: Kept, task: str = "spots") -> list[list[int]]:
    return [result[task].tracks.tolist() for result in kept.results]


def test_boxes_get_numbers_that_flow_to_every_task(clip: Clip, loaded: list[LoadedTask]) -> None:
    kept = Kept()
    report = make_pipeline(VideoFile(clip(6)), loaded, [kept]).run()
    assert report.faults == {}
    assert tracks(kept) == tracks(kept, "colour") == [[1, 2]] * 6


class Fading:
    """A detector of two spots; the first one's score is that of the frame, the second's 0.4."""

    upstream, name, title = None, "spots", "Spots"

    def __init__(self, spots: Any, scores: list[float]) -> None:
        self._spots, self._scores = spots, scores
        self._frame = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spots, name)

    def propose(self, outputs: Any, prepared: Any, spec: Any) -> Proposal:
        """The spots that reach the model's score, as a detector's settings ask."""
        made: Proposal = self._spots.propose(outputs, prepared, spec)
        scores = np.array([[self._scores[self._frame], 0.4]], np.float32)
        self._frame += 1
        good = scores[0] >= spec.settings["score_threshold"]
        return Proposal(made.initial[:, good], scores[:, good])


def faded(loaded: LoadedTask, scores: list[float]) -> LoadedTask:
    settings = {"score_threshold": 0.5}
    model = replace(loaded.model, spec=loaded.spec.model_copy(update={"settings": settings}))
    return replace(loaded, task=Fading(loaded.task, scores), model=model)


def test_a_track_vouches_for_a_box_of_low_score(clip: Clip, loaded: list[LoadedTask]) -> None:
    """ByteTrack's second association; a box that no track expects begins none."""
    scores = [0.4, 0.6, 0.4, 0.3, 0.4]
    kept = Kept()
    report = in_order(VideoFile(clip(5)), [faded(loaded[0], scores)], [kept], Settings())
    assert report.faults == {}
    assert tracks(kept) == [[], [1], [1], [], [1]]


def test_unsure_boxes_are_left_out_of_photographs_and_where_nobody_is_followed(
    clip: Clip, loaded: list[LoadedTask]
) -> None:
    scores = [0.6, 0.4]
    kept = Kept()
    task = faded(loaded[0], scores)
    in_order(VideoFile(clip(2)), [task], [kept], Settings(track=False))
    assert [len(result["spots"]) for result in kept.results] == [1, 0]
    follower = Follower("spots", "m", (Boxes(),), carries=False, asked={"score_threshold": 0.5})
    boxes = np.array([[4, 4, 12, 12], [14, 4, 22, 12]], np.float32)
    found = Predictions("spots", "m", (Boxes(),), boxes, np.array([0.6, 0.4], np.float32))
    still = Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8), still=True)
    assert follower.found(still, (0, 0, 0), found).scores.tolist() == pytest.approx([0.6])


def test_a_large_box_is_asked_a_score_of_its_own() -> None:
    asked = {"score_threshold": 0.4, "large_score_threshold": 0.7, "large_height": 0.5}
    follower = Follower("spots", "m", (Boxes(),), carries=False, asked=asked)
    boxes = np.array([[0, 0, 20, 40], [30, 0, 50, 20]], np.float32)
    found = Predictions("spots", "m", (Boxes(),), boxes, np.array([0.6, 0.6], np.float32))
    frame = Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8))
    assert follower.found(frame, (0, 0, 0), found).values.tolist() == [[30, 0, 50, 20]]


def test_nobody_is_followed_where_that_is_switched_off(
    clip: Clip, loaded: list[LoadedTask]
) -> None:
    kept = Kept()
    in_order(VideoFile(clip(2)), loaded, [kept], Settings(track=False))
    assert kept.results[1]["spots"].tracks is None


def test_every_third_frame_is_looked_at_and_tasks_on_regions_run_on_all(
    clip: Clip, loaded: list[LoadedTask]
) -> None:
    kept = Kept()
    report = in_order(VideoFile(clip(8)), loaded, [kept], Settings(detect_every=3))
    assert report.faults == {}
    carried = [result["spots"].states is not None for result in kept.results]
    assert carried == [False, True, True, False, True, True, False, True]
    assert tracks(kept) == [[1, 2]] * 8
    assert all(len(result["colour"]) == 2 for result in kept.results)
    spots = np.stack([result["spots"].values for result in kept.results])
    assert np.abs(spots - spots[0]).max() < 0.5


def test_a_seek_gives_the_same_numbers_each_time(clip: Clip, loaded: list[LoadedTask]) -> None:
    kept = Kept()
    run = make_pipeline(
        VideoFile(clip(12)), loaded, [kept], settings=Settings(detect_every=4), hold_at_end=True
    )
    run.pause()
    run.start()
    for index in (7, 2, 7):
        count = len(kept.results)
        run.seek(index)
        for _ in range(300):
            if len(kept.results) > count:
                break
            run.wait(0.02)
    run.stop()
    assert [result.index for result in kept.results] == [7, 2, 7]
    assert tracks(kept) == [[1, 2]] * 3
    assert all(result["spots"].states is None for result in kept.results), "a jump detects anew"


def test_the_next_clip_has_numbers_of_its_own(clip: Clip, loaded: list[LoadedTask]) -> None:
    kept = Kept()
    clips = Clips([clip(2, name="a.mp4"), clip(2, name="b.mp4")], "both")
    in_order(clips, loaded, [kept], Settings())
    assert tracks(kept) == [[1, 2]] * 4


def test_photographs_have_no_tracks(tmp_path: Path, loaded: list[LoadedTask]) -> None:
    import cv2

    from edgereg.sources.open import open_source

    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), 90, np.uint8))
    kept = Kept()
    in_order(open_source(tmp_path), loaded, [kept], Settings(detect_every=4))
    assert [result["spots"].tracks for result in kept.results] == [None, None]
    assert [result.source for result in kept.results] == ["a.png", "b.png"]


def test_numbers_stand_in_the_records(clip: Clip, loaded: list[LoadedTask], tmp_path: Path) -> None:
    from edgereg.sinks.base import RunInfo
    from edgereg.sinks.open import open_sink

    source = VideoFile(clip(2))
    path = tmp_path / "o.jsonl"
    in_order(source, loaded, [open_sink(path, RunInfo(source.info))], Settings(detect_every=2))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["track"] for row in rows if row["frame"] == 1] == [1, 2, 1, 2]
    assert [row["state"] for row in rows if row["task"] == "spots"] == [None] * 2 + ["carried"] * 2


@pytest.mark.parametrize(("detection_s", "every"), [(0.01, 1), (0.1, 3), (9.0, 8)])
def test_auto_detects_as_often_as_keeps_up(detection_s: float, every: int) -> None:
    rhythm = Rhythm(Settings(detect_every="auto"))
    rhythm.detection_s = detection_s
    image = np.zeros((4, 4, 3), np.uint8)
    due = [rhythm.is_due(Frame(i, i / 25, image), (0, 0, 0)) for i in range(4 * every + 4)]
    assert np.diff(np.flatnonzero(due))[-2:].tolist() == [every, every]
