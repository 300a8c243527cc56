"""The queue between stages: order, limits, ends."""

from __future__ import annotations

import threading
import time

from edgereg.pipeline.channel import Channel


def test_order_and_end() -> None:
    channel: Channel[int] = Channel(3)
    for item in (1, 2, 3):
        assert channel.put(item)
    channel.end()
    assert [channel.get(), channel.get(), channel.get(), channel.get()] == [1, 2, 3, None]


def test_a_full_channel_waits() -> None:
    channel: Channel[int] = Channel(1)
    channel.put(1)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (channel.put(2), done.set()))
    thread.start()
    assert not done.wait(0.05)
    assert channel.get() == 1
    assert done.wait(2)
    thread.join()
    assert channel.dropped == 0


def test_the_latest_wins() -> None:
    channel: Channel[int] = Channel(1, latest=True)
    for item in range(5):
        channel.put(item)
    assert channel.get() == 4
    assert channel.dropped == 4


def test_closing_frees_both_sides() -> None:
    channel: Channel[int] = Channel(1)
    channel.put(1)
    answers: list[bool] = []
    putter = threading.Thread(target=lambda: answers.append(channel.put(2)))
    putter.start()
    time.sleep(0.02)
    channel.close()
    putter.join(2)
    assert answers == [False]
    assert channel.get() is None


def test_discarding_is_no_drop_and_takes_only_what_is_unwanted() -> None:
    channel: Channel[int] = Channel(2)
    channel.put(1)
    channel.put(2)
    channel.discard(lambda item: item < 2)
    channel.put(3)
    assert [channel.get(), channel.get()] == [2, 3]
    assert channel.dropped == 0
