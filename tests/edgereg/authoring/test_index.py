"""A package index made here."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from edgereg.authoring import index
from edgereg.authoring.index import Package, search
from edgereg.core.errors import EdgeregError

NAMES = ("numpy", "Edgereg_Gaze", "edgereg-hands", "edgereg", "edgereg.bare")
GAZE = Package("edgereg-gaze", "1.2", "Where people look\\x1b[31m")
HANDS, BARE = Package("edgereg-hands", "0.3"), Package("edgereg-bare")
PAGES: dict[str, Any] = {
    "/simple/": {"projects": [{"name": name} for name in NAMES]},
    "/pypi/edgereg-gaze/json": {
        "info": {"version": "1.2", "summary": "Where people look\x1b[31m", "keywords": "eyes"}
    },
    "/pypi/edgereg-hands/json": {"info": {"version": "0.3", "summary": None, "keywords": None}},
}


class Index(BaseHTTPRequestHandler):
    pages: dict[str, Any]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        page = self.pages.get(self.path)
        if page is None:
            self.send_error(404)
            return
        body = page if isinstance(page, bytes) else gzip.compress(json.dumps(page).encode())
        self.send_response(200)
        if not isinstance(page, bytes):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    Index.pages, Index.asked = dict(PAGES), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def address() -> Iterator[str]:
    with served() as place:
        yield place


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("", [BARE, GAZE, HANDS]),
        ("EYES", [GAZE]),
        ("look", [GAZE]),
        ("hand", [HANDS]),
        ("cars", []),
    ],
)
def test_plugins_are_found_by_what_they_say(address: str, word: str, found: list[Package]) -> None:
    assert search(word, address) == found
    assert not any(word and word in path for path, _ in Index.asked if path == "/simple/")
    assert len(Index.asked) == 4


def test_a_user_is_known_to_the_index_and_told_nobody(address: str) -> None:
    with_user = address.replace("//", "//anna:s3cr%40t@").rstrip("/") + "/"
    assert search("hand", with_user) == [HANDS]
    assert {key for _, key in Index.asked} == {"Basic YW5uYTpzM2NyQHQ="}
    Index.pages.clear()
    with pytest.raises(EdgeregError, match="answers 404") as raised:
        search("hand", with_user)
    assert "s3cr" not in str(raised.value)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"<html></html>", "does not answer in JSON"),
        (b"[" * 100_000, "does not answer in JSON"),
        (b"[]", "is no list of packages"),
        (b'{"projects": [7]}', "is no list of packages"),
        (b'"' + 2000 * b"x" + b'"', "more than 0 MB"),
    ],
)
def test_what_is_no_index_is_one_line(
    address: str, monkeypatch: pytest.MonkeyPatch, page: bytes, why: str
) -> None:
    monkeypatch.setattr(index, "MOST_BYTES", 1000 if page.startswith(b'"') else 10**6)
    Index.pages["/simple/"] = page
    with pytest.raises(EdgeregError, match=why):
        search("", address)


@pytest.mark.parametrize(
    "url", ["ftp://host/simple", "simple", "http://", "http://u:s3cret@host:s3cret/", "file:///etc"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(EdgeregError, match="a package index has an address such as") as raised:
        search("", url)
    assert "s3cret" not in str(raised.value)
