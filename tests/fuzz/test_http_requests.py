"""A few seconds of strange requests; `python -m tests.fuzz.http_requests` goes on for longer."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.plugins import load_plugins
from edgereg.serve.config import read_config
from edgereg.serve.server import Service
from tests.fuzz.http_requests import (
    PASSWORD,
    TOKEN,
    configuration,
    faults,
    fuzz,
    listening,
    request,
)

COUNT = 1000


def test_strange_requests_bring_nothing_down_and_nothing_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = listening(psutil.Process())
    service = Service(read_config(configuration(tmp_path)), load_plugins(frozenset()))
    try:
        service.start()
        door = service.workers["door"]
        end = time.monotonic() + 60
        while not door.live.count:
            assert time.monotonic() < end
            time.sleep(0.05)
        with caplog.at_level(logging.WARNING):
            counts, found = fuzz(service.address, range(COUNT))
        assert found == []
        assert sum(counts.values()) == COUNT
        assert counts["401"] > 50
        assert counts["200"] > 50
        assert service.answering
        assert door.alive
        (opened,) = [each for each in listening(psutil.Process()) if each not in before]
        assert opened == service.address.split("/")[2]
        told = [each for each in caplog.messages if "can't be opened" not in each]
        assert told == []  # else anybody could fill a disk with a log
    finally:
        assert service.stop()
    assert not [each for each in threading.enumerate() if each.name.startswith("source ")]


def test_what_is_looked_for_is_found() -> None:
    closed, opened = (
        next(each for each in map(request, range(200)) if each.allowed is allowed)
        for allowed in (False, True)
    )
    for answer, what in [
        (b"HTTP/1.1 500 x\r\n\r\n", "status 500"),
        (b"HTTP/1.1 400 x\r\n\r\n" + PASSWORD.encode(), "holds"),
        (b"HTTP/1.1 400 x\r\n\r\n" + TOKEN.encode(), "holds"),
        (b"HTTP/1.1 200 x\r\n\r\nroot:x:0:0", "holds"),
        (b"what?", "no HTTP"),
    ]:
        assert any(what in fault for fault in faults(opened, answer))
    assert list(faults(closed, b"HTTP/1.1 200 OK\r\n\r\n")) == ["status 200 without a token"]
    assert list(faults(closed, b"")) == []
