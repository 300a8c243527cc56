"""Writes the pictures of the page of `edgereg serve`: `python -m docs.make_page_pictures`.

Needs Chromium. What they show is the bundled clip, which is rendered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from edgereg.demo.clip import CLIP
from edgereg.plugins import load_plugins
from edgereg.serve.config import read_config
from edgereg.serve.server import Service
from tests.edgereg.serve.browser import browser

IMAGES = Path(__file__).parent / "images"
# Long enough for curves that fill their minute.
RUN_S = 65
SOURCES = f"""
port: 0
sources:
  door: {{source: '{CLIP}', loop: true, tasks: [headpose], smooth: true, detect_every: 2}}
  yard: {{source: '{CLIP}', loop: true, tasks: [detection], detect_every: 4}}
  desk: {{source: '{CLIP}', loop: true, tasks: [landmarks], detect_every: 4}}
  gate: {{source: 'rtsp://127.0.0.1:9/stream1', tasks: [detection]}}
"""
PICTURES: Mapping[str, tuple[str, int, int, str]] = {
    "serve.jpg": ("", 1280, 800, "light"),
    "serve-source.jpg": ("#door", 1280, 1000, "dark"),
    "serve-phone.jpg": ("#door", 390, 844, "light"),
    "serve-wall.jpg": ("#wall", 1280, 720, "dark"),
}


def main() -> None:
    """Serve the clip, wait for curves, and look at it from a desktop, a wall and a phone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cameras.yaml"
        path.write_text(SOURCES)
        service = Service(read_config(path), load_plugins(frozenset()))
        service.start()
        try:
            time.sleep(RUN_S)
            with browser() as page:
                for name, (place, width, height, scheme) in PICTURES.items():
                    page.open(
                        f"{service.address}?{name}{place}",
                        width=width,
                        height=height,
                        scheme=scheme,
                    )
                    page.until("document.querySelector('article img, #detail img')?.naturalWidth")
                    time.sleep(4)
                    page.picture(IMAGES / name)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
