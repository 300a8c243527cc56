"""The heads of a frame, as what a tracker begins with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from edgereg.assembly import Choice
from edgereg.core.errors import EdgeregError
from edgereg.core.geometry import box_iou
from edgereg.demo.clip import CLIP, load_truth
from edgereg.found_heads import frame_named, heads_as_prompts
from edgereg.plugins import load_plugins


@pytest.mark.parametrize(
    ("text", "frame"),
    [("heads", 0), ("heads@12", 12), ("heads@", None), ("1,2,3,4", None), ("heads@-1", None)],
)
def test_only_heads_are_named_so(text: str, frame: int | None) -> None:
    assert frame_named(text) == frame


def test_all_heads_of_the_frame_are_pointed_at() -> None:
    prompts = heads_as_prompts(load_plugins(), str(CLIP), Choice(limit=5), frame=6)
    boxes = np.array([prompt.box for prompt in prompts], np.float32)
    truth = np.stack([head.box for head in load_truth()[6]])
    assert len(prompts) == len(truth)
    assert (box_iou(boxes, truth).max(axis=1) > 0.5).all()
    assert {prompt.frame for prompt in prompts} == {6}


@pytest.mark.parametrize(
    ("frame", "choice", "said"),
    [(0, Choice(), "no head is found"), (3, Choice(), "frame"), (0, Choice(realtime=True), "live")],
)
def test_what_can_not_be_is_one_line(frame: int, choice: Choice, said: str, tmp_path: Path) -> None:
    grey = tmp_path / "grey.avi"
    writer = cv2.VideoWriter(str(grey), cv2.VideoWriter.fourcc(*"MJPG"), 10, (96, 64))
    for _ in range(3):
        writer.write(np.full((64, 96, 3), 120, np.uint8))
    writer.release()
    with pytest.raises(EdgeregError, match=said):
        heads_as_prompts(load_plugins(), str(grey), choice, frame)
