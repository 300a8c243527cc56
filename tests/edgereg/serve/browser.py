"""Chromium without a screen, driven over its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio")


class Page:
    """One page of the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        # What the page complained about: errors of scripts, the content security policy.
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            self._note(message)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                found: dict[str, Any] = message["result"]
                return found

    def open(self, address: str, *, width: int = 1280, height: int = 800, scheme: str = "") -> None:
        """Go to an address, in a window of this size. scheme: 'light' or 'dark'."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature] if scheme else [])
        self.call("Page.navigate", url=address)
        self.until("document.readyState !== 'loading'")

    def value(self, script: str) -> Any:
        """What a line of JavaScript gives; promises are waited for."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, script: str, seconds: float = 30.0) -> Any:
        """Wait for a line of JavaScript to give something true; returns it."""
        end = time.monotonic() + seconds
        shown = f"((found) => found instanceof Node || found)({script})"
        while not (found := self.value(shown)):
            assert time.monotonic() < end, f"it did not come to this: {script}; {self.complaints}"
            time.sleep(0.05)
        return found

    def click(self, text: str) -> None:
        """Click the button or link that says this."""
        self.until(
            "[...document.querySelectorAll('button, a')].filter((each) => "
            f"each.textContent.trim() === {json.dumps(text)} && each.checkVisibility())"
            ".slice(0, 1).map((each) => each.click()).length"
        )

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, modifiers=8 if shift else 0, **text
            )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag the mouse from one place of the window to another."""
        for kind, (x, y) in (
            ("mousePressed", start),
            ("mouseMoved", end),
            ("mouseReleased", end),
        ):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        """Write what is seen, as PNG or JPEG by the file's ending."""
        kind = {"format": "png"} if path.suffix == ".png" else {"format": "jpeg", "quality": 88}
        found = self.call("Page.captureScreenshot", **kind)
        path.write_bytes(base64.b64decode(found["data"]))

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(message["params"]["exceptionDetails"]))
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            # Answers of 401 and the like are told as errors too; tests ask for some.
            if entry["level"] == "error" and entry["source"] != "network":
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")


@contextmanager
def browser() -> Iterator[Page]:
    """A page of a browser of its own, which is closed afterwards."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [CHROMIUM, *_FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}"]
        process = subprocess.Popen(
            [*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with connect(_page_address(Path(folder)), max_size=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            process.wait(10)


def _page_address(folder: Path) -> str:
    """Where the browser's first page can be driven, once it is there."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            port = (folder / "DevToolsActivePort").read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError):
            time.sleep(0.05)
    raise AssertionError("the browser did not come up")
