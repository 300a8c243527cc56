"""The live picture as fragmented MP4."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

import av

from edgereg.serve.film import KEY_EVERY, MOST_WAITING, Client, Encoder, Fragment, can_film
from edgereg.serve.server import Service
from tests.edgereg.serve.client import ask, running, until

pytestmark = pytest.mark.skipif(not can_film(), reason="this PyAV has no H.264 encoder")

Serve = Callable[..., Service]


def films() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("film ")]


def test_every_fragment_is_told_with_whether_a_player_may_begin_with_it() -> None:
    encoder = Encoder(64, 48)
    assert b"moov" in encoder.initial
    fragments = [
        fragment
        for index in range(2 * KEY_EVERY + 1)
        for fragment in encoder.add(np.full((48, 64, 3), 6 * index, np.uint8))
    ]
    assert [each.key for each in fragments] == 2 * ([True] + [False] * (KEY_EVERY - 1))
    for first in (0, KEY_EVERY):
        film = io.BytesIO(encoder.initial + b"".join(each.content for each in fragments[first:]))
        with av.open(film) as container:
            levels = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
        assert len(levels) == len(fragments) - first
        assert levels == sorted(levels)
        assert levels[0] == pytest.approx(6 * first, abs=4)


def test_a_film_is_watched_and_nobody_encodes_afterwards(
    serve: Serve, clip: Callable[..., Path]
) -> None:
    service = serve({"door": {"source": str(clip(size=(97, 63))), "loop": True}}, clients=2)
    until(running(service, "door"))
    assert films() == []
    streams = [ask(service, "/sources/door/live.mp4") for _ in range(2)]
    assert streams[0].headers["Content-Type"] == "video/mp4"
    parts = [bytearray(), bytearray()]
    for stream, part in zip(streams, parts, strict=True):
        while part.count(b"moof") < 5:
            part += stream.read1(4096)
    assert films() == ["film door"]
    assert ask(service, "/sources/door/live.mp4").status == 503
    for stream in streams:
        stream.close()
    until(lambda: films() == [])
    with av.open(io.BytesIO(bytes(parts[0]).rpartition(b"moof")[0][:-4])) as container:
        frames = list(container.decode(video=0))
    assert {(frame.width, frame.height) for frame in frames} == {(96, 62)}


def test_who_is_slow_begins_at_a_key_frame_anew() -> None:
    async def seen() -> list[bytes]:
        client = Client(asyncio.get_running_loop())
        for number in range(MOST_WAITING + 5):
            client.offer(b"start", [Fragment(b"%d" % number, number % KEY_EVERY == 0)])
        client.end()
        await asyncio.sleep(0)
        return [part async for part in client.content()]

    found = asyncio.run(seen())
    assert found[0] == b"start"
    assert 1 < len(found) <= MOST_WAITING
    assert int(found[1]) % KEY_EVERY == 0


def test_a_faulty_encoder_ends_the_film_and_not_the_source(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import film

    def broken(self: object, width: int, height: int) -> None:
        raise OSError("no such encoder")

    monkeypatch.setattr(film.Encoder, "__init__", broken)
    service = serve({"door": {"source": str(clip()), "loop": True}})
    until(running(service, "door"))
    began = time.monotonic()
    assert ask(service, "/sources/door/live.mp4").read() == b""
    assert time.monotonic() - began < 5
    count = service.workers["door"].live.count
    until(lambda: service.workers["door"].live.count > count)
