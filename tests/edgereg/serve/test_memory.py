"""Numbers and counters over restarts, kills and damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette")

from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes
from edgereg.core.predictions import Predictions
from edgereg.serve.counters import Counters
from edgereg.serve.memory import BLOCK, Memory
from edgereg.serve.numbering import FORGOTTEN, Numbering
from edgereg.serve.rules.kept import KeptRules


def numbers(memory: Memory, count: int, task: str = "heads") -> list[int]:
    return [memory.number(task) for _ in range(count)]


def test_after_a_proper_end_numbers_and_counters_go_on(tmp_path: Path) -> None:
    path = tmp_path / "sources" / "door.json"
    first = Memory(path)
    assert numbers(first, 5) == [1, 2, 3, 4, 5]
    assert numbers(first, 2, "cars") == [1, 2]
    first.close(Counters(frames=7, failures=1), KeptRules())
    again = Memory(path)
    assert again.counters == Counters(frames=7, failures=1)
    assert (numbers(again, 2), numbers(again, 1, "cars")) == ([6, 7], [3])


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_after_a_kill_no_number_is_given_twice(tmp_path: Path, count: int) -> None:
    path = tmp_path / "door.json"
    before = numbers(Memory(path), count)
    after = numbers(Memory(path), 3)
    assert before[-1] < after[0] <= before[-1] + BLOCK + 1


def test_noting_counters_keeps_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "door.json"
    memory = Memory(path)
    numbers(memory, 3)
    memory.note(Counters(frames=9), KeptRules())
    assert Memory(path).counters.frames == 9
    assert Memory(path).number("heads") > 3


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "door.json"
    path.write_text('{"counters": ')
    assert Memory(path).number("heads") == 1
    assert (tmp_path / "door.json.damaged").exists()


def test_a_disk_that_takes_nothing_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "door.json")  # no folder
    assert numbers(memory, 3) == [1, 2, 3]
    memory.close(Counters(), KeptRules())


def found(*tracks: int) -> Predictions:
    count = len(tracks)
    return Predictions(
        "heads",
        "m",
        (Boxes(),),
        np.zeros((count, 4), np.float32),
        np.ones(count, np.float32),
        tracks=np.asarray(tracks, np.int64),
    )


def renamed(numbering: Numbering, place: tuple[int, int, int], *tracks: int) -> list[int]:
    frame = Frame(0, 0.0, np.zeros((4, 4, 3), np.uint8))
    given = numbering("heads", frame, place, found(*tracks)).tracks
    assert given is not None
    return [int(each) for each in given]


def test_a_track_keeps_its_number_and_another_run_gets_others() -> None:
    memory = Memory()
    run = Numbering(memory.number)
    assert renamed(run, (0, 0, 0), 1, 2) == [1, 2]
    assert renamed(run, (0, 0, 1), 2, -1, 3) == [2, -1, 3]  # a cut: the detector goes on
    assert renamed(run, (0, 1, 1), 1) == [4]  # another clip: it begins again
    assert renamed(Numbering(memory.number), (0, 0, 0), 1, 2) == [5, 6]


def test_what_has_gone_is_forgotten() -> None:
    run = Numbering(Memory().number)
    for track in range(2 * FORGOTTEN):
        renamed(run, (0, 0, 0), track)
    assert len(run._known["heads"].numbers) <= FORGOTTEN
