"""Streams behind an address: silent, dead, back again, and never a password in a message."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edgereg.core.errors import SourceError
from edgereg.sources.open import open_source
from edgereg.sources.options import SourceOptions

from .media import H264, Coding, encode, number_in


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_dead_url(closed_port: int, scheme: str) -> None:
    start = time.monotonic()
    with pytest.raises(SourceError) as caught:
        open_source(
            f"{scheme}://user:secret@127.0.0.1:{closed_port}/live", SourceOptions(timeout_s=2)
        )
    assert time.monotonic() - start < 5
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_url_that_never_answers() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        start = time.monotonic()
        with pytest.raises(SourceError, match="check the address"):
            open_source(
                f"http://127.0.0.1:{listener.getsockname()[1]}/live", SourceOptions(timeout_s=1)
            )
        assert time.monotonic() - start < 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves tmp_path."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_file_behind_a_url(clip: Callable[..., Path], server: str) -> None:
    path = clip(12)
    source = open_source(f"{server}/{path.name}", SourceOptions(timeout_s=5))
    assert [frame.index for frame in source.frames()] == list(range(12))
    source.close()


def test_segments_that_come_at_once_are_handed_out_in_their_own_time(
    tmp_path: Path, server: str
) -> None:
    coding = Coding(
        options={**H264, "g": "10", "bf": "0"}, container="hls", muxing={"hls_time": "0.4"}
    )
    encode(tmp_path / "live.m3u8", coding)
    playlist = tmp_path / "live.m3u8"
    playlist.write_text(playlist.read_text().replace("#EXT-X-ENDLIST\n", ""))  # as if it went on
    source = open_source(f"{server}/live.m3u8", SourceOptions(timeout_s=5))
    assert source.info.live
    frames = source.frames()
    found = [(frame.index, time.monotonic()) for frame in (next(frames) for _ in range(20))]
    source.close()
    assert [index for index, _ in found] == list(range(found[0][0], found[0][0] + 20))
    assert found[-1][1] - found[0][1] > 0.5  # 19 frames of 1/25 s


def test_a_url_without_a_file(server: str) -> None:
    with pytest.raises(SourceError, match="can't be opened"):
        open_source(f"{server}/nothing.mp4", SourceOptions(timeout_s=5))


class _Camera(BaseHTTPRequestHandler):
    """Sends a stream without length, twice as fast as it was recorded, then hangs up."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        step = len(self.content) // 40
        for at in range(0, len(self.content), step):
            with suppress(ConnectionError):
                self.wfile.write(self.content[at : at + step])
            time.sleep(0.005)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    """The address of a stream that ends after 40 frames, and begins again when asked again."""
    path = encode(tmp_path / "stream.ts", Coding(options=H264))
    handler = type("Camera", (_Camera,), {"content": path.read_bytes()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{http.server_port}/live"
        http.shutdown()


def test_a_stream_that_stops_is_opened_again(camera: str) -> None:
    source = open_source(f"http://{camera}", SourceOptions(timeout_s=5))
    assert source.info.live
    assert source.info.frame_count is None
    seen = []
    for frame in source.frames():
        seen.append(number_in(frame.image))
        if len(source.warnings) >= 2 and len(seen) > 60:
            break
    source.close()
    assert "stopped delivering frames" in source.warnings[0]
    assert "is back after" in source.warnings[1]
    assert any(after < before for before, after in pairwise(seen))


def test_a_stream_is_given_up_after_a_time(camera: str) -> None:
    source = open_source(f"http://{camera}", SourceOptions(timeout_s=5, reconnect_s=0.0))
    with pytest.raises(SourceError, match=r"stopped delivering frames.*; check the address"):
        list(source.frames())


@pytest.mark.parametrize(
    ("typed", "sent"), [("pl!in", "pl!in"), ("a/b@c#d?e", "a/b@c#d?e"), ("p%40ss", "p@ss")]
)
def test_passwords_are_sent_as_they_are_typed(tmp_path: Path, typed: str, sent: str) -> None:
    got: list[str] = []

    class Guarded(_Camera):
        content = encode(tmp_path / "stream.ts", Coding(options=H264)).read_bytes()

        def do_GET(self) -> None:
            login = self.headers.get("Authorization")
            if login is None:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            got.append(login)
            super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        address = f"http://me:{typed}@127.0.0.1:{http.server_port}/live"
        source = open_source(address, SourceOptions(timeout_s=5))
        source.close()
        http.shutdown()
    assert got[0] == "Basic " + base64.b64encode(f"me:{sent}".encode()).decode()
    assert source.info.name == f"http://***@127.0.0.1:{http.server_port}/live"


def test_a_refused_login_is_named() -> None:
    class Refusing(_Camera):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        with pytest.raises(SourceError, match="401") as caught:
            open_source(f"http://me:secret@127.0.0.1:{http.server_port}/live?token=hidden")
        http.shutdown()
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_udp_without_a_sender() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(SourceError, match="check the address and the network"):
        open_source(f"udp://127.0.0.1:{port}", SourceOptions(timeout_s=1))
    assert time.monotonic() - start < 5


def test_a_playlist_reads_no_file_of_this_machine(tmp_path: Path, server: str) -> None:
    secret = encode(tmp_path / "secret.ts", Coding(options=H264))
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(SourceError):
        open_source(f"{server}/list.m3u8", SourceOptions(timeout_s=2))
