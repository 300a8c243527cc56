"""Cameras for the benchmarks of `edgereg serve`: clips that go round, over HTTP and as HLS."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2


def jpegs_of(clip: Path) -> list[bytes]:
    """Its frames as JPEGs."""
    with av.open(str(clip)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return [cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames]


class Mjpeg:
    """A camera that sends MJPEG over HTTP, as long as it is switched on."""

    def __init__(self, pictures: Sequence[bytes], fps: float) -> None:
        self.on = threading.Event()
        self.on.set()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not camera.on.is_set():
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                with suppress(OSError):  # the other side has left
                    camera.send(self.wfile.write, pictures, fps)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}/live.mjpg"

    def send(self, write: Callable[[bytes], object], pictures: Sequence[bytes], fps: float) -> None:
        """Pictures in their time, from the first on, until it is switched off."""
        due = time.monotonic()
        while True:
            for picture in pictures:
                if not self.on.is_set():
                    return
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
                write(head.encode() + b"\r\n\r\n" + picture + b"\r\n")
                due += 1 / fps
                time.sleep(max(0.0, due - time.monotonic()))


class Hls:
    """A stream of segments over HTTP, made by ffmpeg from a clip that goes round."""

    def __init__(self, clip: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            *("ffmpeg", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(clip)),
            *("-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_list_size", "5"),
            *("-hls_flags", "delete_segments", str(folder / "live.m3u8")),
        ]
        self._encoder = subprocess.Popen(command, stdin=subprocess.DEVNULL)

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *given: object) -> None:
                super().__init__(*given, directory=str(folder))  # type: ignore[arg-type]

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        while not (folder / "live.m3u8").exists():
            time.sleep(0.1)

    @property
    def address(self) -> str:
        """Where its list of segments is."""
        return f"http://127.0.0.1:{self._server.server_port}/live.m3u8"

    def close(self) -> None:
        """End the encoder."""
        self._encoder.terminate()
        self._encoder.wait()


def remade(clip: Path, target: Path, fps: float, *options: str) -> Path:
    """The frames of a clip at another rate, and as another kind of file."""
    given = ["-r", f"{fps:g}", "-i", str(clip), "-an", *options, str(target)]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *given], check=True)
    return target
