"""Two hundred pages open at once: what that costs the pipeline.

    python -m benchmarks.serve.clients [--clients 200] [--seconds 15] [--turns 3]

Each client asks every second what the page asks: its own state, the sources, and every new picture;
with many of them, as much more slowly as it is told.
Results a second without and with them, in turns. Ends with 1 where more than 5 % are lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.serve.cameras import remade
from benchmarks.serve.served import Served, serving, until
from edgereg.demo.clip import CLIP

LOSS = 0.05
# Many pages are told to look more slowly, which takes them some looks.
SETTLING_S = 20.0
SOURCES = ("a", "b")


def main() -> int:
    """With and without, in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--fps", type=float, default=25.0, help="of each source")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clip = remade(CLIP, folder / "clip.mp4", given.fps)
        sources = {name: {"source": str(clip), "loop": True} for name in SOURCES}
        with serving(folder, {"sources": sources}) as served:
            until(lambda: set(served.states().values()) == {"running"}, 120, "the sources")
            rates = [
                (_rate(served, given.seconds, 0), _rate(served, given.seconds, given.clients))
                for _ in range(given.turns)
            ]
    alone, together = (statistics.median(each) for each in zip(*rates, strict=True))
    print(f"results a second: {alone:.2f} alone, {together:.2f} with {given.clients} clients")
    print(f"lost: {100 * (1 - together / alone):.1f} %")
    return int(together < (1 - LOSS) * alone)


def _rate(served: Served, seconds: float, clients: int) -> float:
    """Results a second of all sources, with so many clients."""
    ended, counts = threading.Event(), [0, 0]
    crowd = threading.Thread(target=_crowd, args=(served.address, clients, ended, counts))
    crowd.start()
    time.sleep(2 + SETTLING_S * (clients > 0))
    before, began = sum(served.of_sources("edgereg_frames_total").values()), time.monotonic()
    time.sleep(seconds)
    frames = sum(served.of_sources("edgereg_frames_total").values()) - before
    took = time.monotonic() - began
    ended.set()
    crowd.join()
    print(
        f"{clients} clients: {frames / took:.2f} results a second, "
        f"{counts[0]} answers, {counts[1]} refused or none",
        flush=True,
    )
    return frames / took


def _crowd(address: str, clients: int, ended: threading.Event, counts: list[int]) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(_client(address, n, ended, counts) for n in range(clients)))

    asyncio.run(all_of_them())


async def _client(address: str, number: int, ended: threading.Event, counts: list[int]) -> None:
    """One page over one connection, until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
    seen: dict[str, int] = {}
    looks, slower = 0, 1.0
    await asyncio.sleep(number % 50 / 50)
    while not ended.is_set():
        if looks % 3 == 0 and (service := await _ask(reader, writer, "/service", counts)):
            slower = json.loads(service)["slower"]
        looks += 1
        sources = await _ask(reader, writer, "/sources", counts)
        for each in json.loads(sources) if sources else ():
            if each["picture"] != seen.get(each["name"]):
                seen[each["name"]] = each["picture"]
                await _ask(reader, writer, f"/sources/{each['name']}/picture.jpg", counts)
        await asyncio.sleep(slower)
    writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, counts: list[int]
) -> bytes:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    body = await reader.readexactly(length)
    fine = head.startswith("http/1.1 200")
    counts[not fine] += 1
    return body if fine else b""


if __name__ == "__main__":
    sys.exit(main())
