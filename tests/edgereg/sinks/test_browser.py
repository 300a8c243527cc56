"""Annotated videos in a browser's <video>: they open, have their size and length, and can be
searched. Skipped where no Chromium is installed."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.base import RunInfo
from edgereg.sinks.open import open_sink

from .media import film

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
# Python's server knows no ranges, without which Chromium does not jump; a blob has them.
PAGE = """<video id=v muted></video><script>
const v = document.getElementById("v");
const tell = what => fetch("/told", {method: "POST", body: JSON.stringify(what)});
v.onerror = () => tell({error: v.error.message});
v.onloadeddata = () => { v.onseeked = () => tell({
    size: [v.videoWidth, v.videoHeight], seconds: v.duration, at: v.currentTime,
    sound: v.webkitAudioDecodedByteCount}); v.currentTime = 1.5; v.play(); v.pause(); };
fetch("%s").then(r => r.blob()).then(b => { v.src = URL.createObjectURL(b); });
</script>"""

pytestmark = [
    pytest.mark.skipif(not BROWSER, reason="needs Chromium"),
    pytest.mark.timeout(120),
]


class Server(SimpleHTTPRequestHandler):
    """A folder, and a place where the page tells what it saw."""

    told: queue.Queue[dict[str, Any]]

    def do_POST(self) -> None:
        """Keep what the page says."""
        length = int(self.headers["Content-Length"])
        self.told.put(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Callable[[Path], dict[str, Any]]]:
    """seen(video) is what Chromium says of a video."""
    Server.told = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def look(video: Path) -> dict[str, Any]:
        (tmp_path / "page.html").write_text(PAGE % video.name)
        address = f"http://127.0.0.1:{server.server_port}/page.html"
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        browser = subprocess.Popen(
            [BROWSER, *FLAGS, profile, address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return Server.told.get(timeout=90)
        finally:
            browser.kill()
            browser.wait()

    yield look
    server.shutdown()


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
def test_it_opens_and_can_be_searched(
    tmp_path: Path, seen: Callable[[Path], dict[str, Any]], ending: str
) -> None:
    """With odd sides, times that vary, and sound."""
    times = [0.04 * k for k in range(20)] + [0.8 + 0.1 * k for k in range(20)]
    source = film(tmp_path / "source.mp4", times, "aac", seconds=3.0)
    video = tmp_path / f"out{ending}"
    info = SourceInfo("s", 161, 121, 25.0, 40, seekable=True, live=False, files=(source,))
    sink = open_sink(video, RunInfo(info))
    for index, time_s in enumerate(times):
        image = np.full((121, 161, 3), 5 * index, np.uint8)
        sink.write(FrameResult(index, time_s, image, {}))
    sink.close()
    found = seen(video)
    assert found.get("error") is None
    assert found["size"] == [162, 122]
    assert found["seconds"] == pytest.approx(2.74, abs=0.15)
    assert found["at"] == pytest.approx(1.5, abs=0.2)
