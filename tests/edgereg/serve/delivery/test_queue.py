"""Messages on disk: in order, bounded, each id once, whatever happens to the process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from edgereg.serve.delivery.queue import DiskQueue


def bodies(queue: DiskQueue) -> list[str]:
    """What waits, looked at without taking it."""
    rows = queue._database.execute("select body from messages order by id")
    return [body for (body,) in rows]


def test_what_waits_is_there_after_a_restart_and_ids_go_on(tmp_path: Path) -> None:
    path = tmp_path / "state" / "broker.queue"
    queue = DiskQueue(path, 10_000)
    queue.put([("door", f"{k}") for k in range(5)])
    queue.done(queue.first(2)[-1].number)
    stream = queue.stream
    queue.close()
    again = DiskQueue(path, 10_000)
    assert (again.stream, again.sent, again.waiting) == (stream, 2, 3)
    assert bodies(again) == ["2", "3", "4"]
    again.done(5)
    again.close()
    empty = DiskQueue(path, 10_000)
    empty.put([("door", "5")])
    assert empty.first(1)[0].number == 6  # though nothing was left to count from


def test_beyond_the_bound_the_oldest_are_lost_and_counted(tmp_path: Path) -> None:
    queue = DiskQueue(tmp_path / "q", 100)
    for start in range(0, 40, 4):
        queue.put([("door", f"{k:010d}") for k in range(start, start + 4)])
    assert bodies(queue) == [f"{k:010d}" for k in range(30, 40)]
    assert queue.lost == 30
    queue.put([("door", "x" * 200), ("door", "y" * 90)])  # one is larger than all the room
    assert bodies(queue) == [f"{39:010d}", "y" * 90]
    assert queue.lost == 40
    queue.close()
    assert DiskQueue(tmp_path / "q", 100).lost == 40


def test_what_is_under_way_is_not_lost_and_sent(tmp_path: Path) -> None:
    queue = DiskQueue(tmp_path / "q", 50)
    queue.put([("door", f"{k:010d}") for k in range(5)])
    under_way = queue.first(2)
    queue.put([("door", f"{k:010d}") for k in range(5, 8)])
    queue.done(under_way[-1].number)
    assert (queue.sent, queue.lost, queue.waiting) == (2, 3, 3)
    assert bodies(queue) == [f"{k:010d}" for k in range(5, 8)]


def test_a_killed_process_loses_nothing_that_was_put(tmp_path: Path) -> None:
    path = tmp_path / "q"
    code = (
        "import os, sys; from pathlib import Path\n"
        "from edgereg.serve.delivery.queue import DiskQueue\n"
        f"queue = DiskQueue(Path({str(path)!r}), 10_000)\n"
        "queue.put([('door', str(k)) for k in range(20)]); queue.done(7)\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert bodies(DiskQueue(path, 10_000)) == [str(k) for k in range(7, 20)]


@pytest.mark.parametrize("damage", ["nonsense", "page"])
def test_a_damaged_file_is_put_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "q"
    old = DiskQueue(path, 1_000_000)
    old.put([("door", "x" * 500)] * 100)
    stream = old.stream
    old.close()
    data = bytearray(path.read_bytes())
    data[0 if damage == "nonsense" else 8192 :] = b"\x5a" * (len(data) - 8192)
    path.write_bytes(data)
    queue = DiskQueue(path, 1_000_000)
    assert queue.waiting == 0
    assert queue.stream != stream  # so that nobody takes its ids for ones already seen
    assert (tmp_path / "q.damaged").exists()


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    queue = DiskQueue(tmp_path / "q", 1_000_000)
    queue.put([("door", "first")])
    pages = queue._database.execute("pragma page_count").fetchone()[0]
    queue._database.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(sqlite3.Error):
        queue.put([("door", "x" * 100_000)])
    assert (bodies(queue), queue.waiting, queue.lost) == (["first"], 1, 0)


def test_a_full_disk_lets_nothing_be_given_twice(tmp_path: Path) -> None:
    queue = DiskQueue(tmp_path / "q", 10_000)
    queue.put([("door", f"{k}") for k in range(6)])
    first = queue.first(2)
    queue._database.execute("pragma query_only = on")  # nothing can be noted any more
    with pytest.raises(sqlite3.Error):
        queue.done(first[-1].number)
    assert [each.body for each in queue.first(2)] == ["2", "3"]
    queue._database.execute("pragma query_only = off")
    queue.done(4)
    assert (queue.sent, queue.waiting, bodies(queue)) == (4, 2, ["4", "5"])
