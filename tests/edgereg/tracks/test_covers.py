"""What is covered in each frame: no gap in a track, its ends drawn out, misses held when live."""

from __future__ import annotations

import numpy as np
import pytest

from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.core.result import FrameResult
from edgereg.tracks.covers import CARRIED, FOUND, UNCERTAIN, Gathered, Held

IMAGE = np.zeros((100, 400, 3), np.uint8)


def frame(index: int, score: float | None = 0.9, track: int = 1, clip: int = 0) -> FrameResult:
    """A head 20 px wide that walks 4 px a frame, 25 frames a second; score None: it is missed."""
    count = 0 if score is None else 1
    left = 4.0 * index
    boxes = np.array([[left, 10, left + 20, 40]] * count, np.float32).reshape(-1, 4)
    scores, tracks = np.full(count, score or 0, np.float32), np.full(count, track)
    found = Predictions("detection", "m", (Boxes(),), boxes, scores, tracks=tracks)
    return FrameResult(index, index / 25, IMAGE, {"detection": found}, clip=clip)


def truth(index: int) -> list[float]:
    return [4.0 * index, 10, 4.0 * index + 20, 40]


def test_a_gap_is_filled_on_the_way_and_grows_with_the_doubt() -> None:
    gathered = Gathered("detection")
    for index in range(30):
        gathered.write(frame(index, None if 10 <= index < 20 else 0.9))
    covers = gathered.covers()
    widths = []
    for index in range(30):
        (box,) = covers[index].boxes
        assert (box[:2] <= truth(index)[:2]).all(), index
        assert (box[2:] >= truth(index)[2:]).all(), index
        widths.append(box[2] - box[0])
    assert [covers[index].how[0] for index in (9, 10, 19, 20)] == [FOUND, CARRIED, CARRIED, FOUND]
    assert widths[9] == pytest.approx(20, abs=1e-3)
    assert widths[9] < widths[10] < widths[14]


def test_a_track_is_covered_before_it_is_found_and_after_it_was_seen() -> None:
    gathered = Gathered("detection")
    for index in range(60):
        gathered.write(frame(index, 0.9 if 20 <= index < 30 else None))
    covered = [index for index, cover in gathered.covers().items() if len(cover.boxes)]
    assert covered == list(range(10, 40)), "0.4 s on either side"


def test_the_same_number_in_another_clip_is_another_head() -> None:
    gathered = Gathered("detection")
    for index in range(40):
        gathered.write(frame(index, 0.9 if index in (0, 39) else None, clip=index // 20))
    covered = [index for index, cover in gathered.covers().items() if len(cover.boxes)]
    assert covered == [*range(11), *range(29, 40)]


def test_a_head_without_a_track_is_covered_and_called_uncertain() -> None:
    gathered = Gathered("detection")
    gathered.write(frame(0, 0.3, track=-1))
    gathered.write(frame(1, None))
    covers = gathered.covers()
    assert covers[0].how.tolist() == [UNCERTAIN]
    assert len(covers[1].boxes) == 0


def test_a_frame_in_which_the_detector_failed_is_not_known() -> None:
    gathered = Gathered("detection")
    gathered.write(frame(0))
    gathered.write(FrameResult(1, 0.04, IMAGE))
    assert list(gathered.covers()) == [0]
    assert Held("detection").cover(FrameResult(1, 0.04, IMAGE)) is None


def test_live_a_missing_head_stays_covered_for_a_while() -> None:
    held = Held("detection")
    counts = []
    for index in range(60):
        cover = held.cover(frame(index, 0.9 if index < 10 else None))
        assert cover is not None
        counts.append(len(cover.boxes))
    assert counts == [1] * 35 + [0] * 25, "found in 10 frames, held for a second"
