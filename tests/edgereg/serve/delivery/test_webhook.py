"""Posts to a server made here, which answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from edgereg.core.errors import EdgeregError
from edgereg.serve.delivery.config import WebhookConfig
from edgereg.serve.delivery.courier import RefusedError
from edgereg.serve.delivery.message import Numbered
from edgereg.serve.delivery.webhook import WebhookCarrier


class Hook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer = 200
    drips = False
    got: list[tuple[str, dict[str, str], Any]]
    connections: set[Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), json.loads(body)))
        self.connections.add(self.client_address)
        if self.drips:
            with suppress(OSError):
                for sign in b"HTTP/1.1 200 OK\r\nX-Filling: " + 400 * b".":
                    self.wfile.write(bytes([sign]))
                    time.sleep(0.02)
            return
        self.send_response(self.answer)
        if self.answer == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[ThreadingHTTPServer]:
    Hook.answer, Hook.drips, Hook.got, Hook.connections = 200, False, [], set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def numbered(number: int) -> Numbered:
    return Numbered("door", "5f0c", number, '{"records": []}')


def carrier(server: ThreadingHTTPServer, **more: Any) -> WebhookCarrier:
    url = f"http://127.0.0.1:{server.server_port}/hook?key=1"
    return WebhookCarrier(WebhookConfig(to="webhook", url=url, **more))


def test_messages_are_posted_as_a_list_over_one_connection(
    hook: ThreadingHTTPServer, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("s3cret\nnot this\n")
    sender = carrier(hook, token_file=tmp_path / "token")
    assert sender.send([numbered(1), numbered(2)]) == 2
    assert sender.send([numbered(3)]) == 1
    sender.close()
    (path, headers, first), (_, _, second) = Hook.got
    assert path == "/hook?key=1"
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"
    assert [[each["id"] for each in body] for body in (first, second)] == [[1, 2], [3]]
    assert len(Hook.connections) == 1


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_what_may_be_mended_is_tried_again(hook: ThreadingHTTPServer, status: int) -> None:
    Hook.answer = status
    sender = carrier(hook)
    with pytest.raises(EdgeregError, match=f"answers {status}") as raised:
        sender.send([numbered(1)])
    assert not isinstance(raised.value, RefusedError)
    assert "key" not in str(raised.value)
    assert [path for path, _, _ in Hook.got] == ["/hook?key=1"]  # no redirection was followed
    Hook.answer = 204
    assert sender.send([numbered(1)]) == 1
    sender.close()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_never_fits_is_refused(hook: ThreadingHTTPServer, status: int) -> None:
    Hook.answer = status
    with pytest.raises(RefusedError):
        carrier(hook).send([numbered(1)])


def test_an_idle_connection_that_was_closed_costs_nothing(hook: ThreadingHTTPServer) -> None:
    sender = carrier(hook)
    sender.send([numbered(1)])
    assert sender._connection is not None
    assert sender._connection.sock is not None
    sender._connection.sock.shutdown(2)
    assert sender.send([numbered(2)]) == 1
    sender.close()
    assert [body[0]["id"] for _, _, body in Hook.got] == [1, 2]


def test_nobody_there(hook: ThreadingHTTPServer) -> None:
    sender = carrier(hook)
    hook.shutdown()
    hook.server_close()
    with pytest.raises(EdgeregError, match="no answer"):
        sender.send([numbered(1)])


def test_an_answer_that_drips_has_an_end_and_is_not_asked_for_twice(
    hook: ThreadingHTTPServer,
) -> None:
    sender = carrier(hook, timeout=1.0)
    sender.send([numbered(1)])  # so that the connection is one that was kept
    Hook.drips = True
    began = time.monotonic()
    with pytest.raises(EdgeregError, match="no answer: TimeoutError: none within 1 s"):
        sender.send([numbered(1)])
    assert time.monotonic() - began < 4
    assert len(Hook.got) == 2


@pytest.mark.parametrize("text", ["", "\n", "a\x00b"])
def test_a_bad_token_is_told_at_the_start(
    hook: ThreadingHTTPServer, tmp_path: Path, text: str
) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(EdgeregError, match="token"):
        carrier(hook, token_file=tmp_path / "token")
