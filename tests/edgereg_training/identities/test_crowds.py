"""Rendered crowds in MOT's layout, read back, followed and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from edgereg_training.commands import evaluate
from edgereg_training.identities.crowds import Crowd, render_crowd, walkers, write_crowds
from edgereg_training.identities.evaluation import without_ignored
from edgereg_training.identities.measures import Numbered
from edgereg_training.identities.mot_folders import Labelled, MotSequence, load_mot, write_mot
from edgereg_training.loop.errors import TrainingError
from edgereg_training.render.cast import Cast

SMALL = Crowd(people=3, frames=4, width=320, height=180, side=(30.0, 44.0))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("crowds")
    return write_crowds(out, None, lambda *_: None, (SMALL,))


def test_what_is_written_is_read_back(rendered: Path) -> None:
    (item,) = load_mot(rendered)
    assert (item.name, item.fps, len(item.frames)) == ("crowd-03-0", 25, 4)
    for index, (_, labels) in enumerate(render_crowd(SMALL, Cast())):
        counting = [each for each in labels if each.counts]
        assert item.truth[index].numbers.tolist() == [each.number for each in counting]
        boxes = np.array([each.box for each in counting]).reshape(-1, 4)
        np.testing.assert_allclose(item.truth[index].boxes, boxes, atol=0.02)
    assert sum(len(frame.numbers) for frame in item.truth) > 4


def test_a_crowd_that_is_there_is_not_rendered_again(tmp_path: Path) -> None:
    folder = write_mot(tmp_path / "crowd-03-0", 25, [])
    write_crowds(tmp_path, None, lambda *_: None, (SMALL,))
    assert not list((folder / "img1").iterdir())


def test_people_walk_both_ways_and_the_nearest_come_last() -> None:
    people = walkers(Crowd(people=30))
    assert sorted(each.side for each in people) == [each.side for each in people]
    assert {np.sign(each.speed) for each in people} == {-1, 1}


def test_a_head_behind_another_does_not_count() -> None:
    crowd = Crowd(people=30, frames=1, width=240, height=160, side=(40.0, 60.0), seed=4)
    ((_, labels),) = render_crowd(crowd, Cast())
    hidden = [each for each in labels if not each.counts]
    assert hidden
    assert all(each.visible < 0.35 for each in hidden)


def test_the_command_measures_a_folder(rendered: Path) -> None:
    pytest.importorskip("onnxruntime")
    told = CliRunner().invoke(evaluate.command, ["identities", str(rendered)])
    assert told.exit_code == 0, told.output
    assert "crowd-03-0" in told.output
    assert "switches_per_1000" in told.output


def one(*boxes: tuple[float, float, float, float]) -> Numbered:
    return Numbered(np.arange(len(boxes)), np.array(boxes, np.float32).reshape(-1, 4))


def test_a_box_on_what_does_not_count_is_neither_right_nor_wrong() -> None:
    ignored = np.array([[0, 0, 10, 10]], np.float32)
    item = MotSequence("a", 25, (), (one((50, 0, 60, 10)),), (ignored,))
    given = [one((0, 0, 10, 10), (50, 0, 60, 10), (90, 0, 99, 10))]
    assert without_ignored(item, given)[0].numbers.tolist() == [1, 2]


def test_labels_that_do_not_fit(tmp_path: Path) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(TrainingError, match=r"no gt/gt\.txt"):
        load_mot(tmp_path)
    folder = write_mot(tmp_path / "a", 25, [(picture, [Labelled(1, (0, 0, 4, 4))])])
    assert load_mot(folder)[0].truth[0].boxes.tolist() == [[0, 0, 4, 4]]
    for line, reason in [("2,1,1,1,4,4", "frame 2 of 1"), ("1,1,x", "not a line"), ("1", "not a")]:
        (folder / "gt" / "gt.txt").write_text(line)
        with pytest.raises(TrainingError, match=reason):
            load_mot(tmp_path)
    (folder / "seqinfo.ini").write_text("frameRate")
    with pytest.raises(TrainingError, match=r"seqinfo\.ini"):
        load_mot(tmp_path)
