"""Threads hand over to the window: the latest wins, jobs report or are discarded."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QThread

from edgereg.app.player.background import Job
from edgereg.app.player.mailbox import Mailbox
from edgereg.core.errors import SourceError


def test_only_the_latest_item_arrives(qtbot: Any) -> None:
    came: list[int] = []
    mailbox = Mailbox()
    mailbox.arrived.connect(came.append)

    def flood() -> None:
        for item in range(1000):
            mailbox.put(item)

    thread = threading.Thread(target=flood)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: 999 in came)
    assert len(came) < 5


def test_items_arrive_in_the_owner_s_thread(qtbot: Any) -> None:
    threads: list[Any] = []
    mailbox = Mailbox()
    mailbox.arrived.connect(lambda _: threads.append(QThread.currentThread()))
    threading.Thread(target=lambda: mailbox.put(1)).start()
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [mailbox.thread()]


def test_a_cleared_item_does_not_arrive(qtbot: Any) -> None:
    came: list[int] = []
    mailbox = Mailbox()
    mailbox.arrived.connect(came.append)
    mailbox.put(1)
    mailbox.clear()
    mailbox.put(2)
    qtbot.waitUntil(lambda: bool(came))
    qtbot.wait(20)
    assert came == [2]


def test_a_job_reports_its_result(qtbot: Any) -> None:
    job = Job(lambda: 42)
    with qtbot.waitSignal(job.done) as signal:
        job.start()
    assert signal.args == [42]


def _fail_as_source() -> None:
    raise SourceError("x.mp4: no such file; check the path")


def _fail_as_bug() -> None:
    raise KeyError("lost")


@pytest.mark.parametrize(
    ("call", "words"), [(_fail_as_source, "no such file"), (_fail_as_bug, "KeyError")]
)
def test_a_job_that_fails_says_why_in_one_line(qtbot: Any, call: Any, words: str) -> None:
    job = Job(call)
    with qtbot.waitSignal(job.failed) as signal:
        job.start()
    assert words in signal.args[0]
    assert "\n" not in signal.args[0]


def test_an_abandoned_job_s_result_is_discarded(qtbot: Any) -> None:
    go, discarded, came = threading.Event(), [], []
    job = Job(lambda: go.wait(2) and "late", discarded.append)
    job.done.connect(came.append)
    job.start()
    job.abandon()
    go.set()
    end = time.monotonic() + 2
    while not discarded and time.monotonic() < end:
        qtbot.wait(5)
    assert discarded == ["late"]
    assert came == []
