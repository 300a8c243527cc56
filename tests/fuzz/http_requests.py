"""Requests that no browser sends: `python -m tests.fuzz.http_requests 10000`.

A service with a token, a password in an address and files around it is asked for everything that
could make it fall over or give something away. The same numbers make the same requests again.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from edgereg.demo.clip import CLIP
from tests.fuzz.mutations import mutated

TOKEN, PASSWORD = "fuzz-token-0123456789abcdef", "hunter22-of-the-camera"
SECRET_LINE = b"a-line-of-a-file-beside-the-configuration"
# What no answer may hold: secrets, lines of files, and where the program failed.
NEVER = (TOKEN.encode(), PASSWORD.encode(), SECRET_LINE, b"root:x:0", b"Traceback")
# What is answered to whom no token opened the door.
CLOSED = frozenset({400, 401, 403, 408, 413, 414, 429, 431, 503})
WAIT_S = 3.0

METHODS = (
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "X" * 40,
)
PATHS = (
    "/", "/page.js", "/sources", "/sources/door", "/sources/x", "/sources/door/picture.jpg",
    "/sources/door/live.mjpg", "/sources/door/events", "/sources/door/history?since=3",
    "/sources/door/density?task=detection&track=1", "/sources/x/start", "/sources/x/stop",
    "/sources/door/prompts", "/sources/door/prompts/1", "/sources/door/socket", "/deliveries",
    "/service", "/metrics", "/health/live", "/?token=wrong",
)  # fmt: skip
TRICKS = (
    "/..", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/%00", "\\..\\",
    "/.%252e/secret.txt", ";a=b", "?" + "a=b&" * 200, "#x", "/" * 300, "/%ff%fe",
    "?since=" + "9" * 90, "?track=-1", "?token[]=x", "/a" * 400,
)  # fmt: skip
HEADERS = (
    "Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site",
    "Last-Event-ID: 99999999999999999999", "Last-Event-ID: -1", "Cookie: edgereg_token=",
    "Range: bytes=0-1", "Content-Length: 5", "Content-Length: -1", "Content-Length: 999999999999",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Expect: 100-continue",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Upgrade: h2c", "X-Forwarded-User: root",
    "X-Forwarded-For: 127.0.0.1", "X-HTTP-Method-Override: DELETE", "Authorization: Bearer wrong",
    "Authorization: Basic cm9vdDpyb290", "X: " + "x" * 20_000, "A: b\r\n" * 150 + "A: b",
    "Content-Type: text/plain", "Bad Header", ": empty", "X: \x00",
)  # fmt: skip
HOSTS = (
    "localhost",
    "localhost",
    "localhost",
    "127.0.0.1:1",
    "evil.example",
    "[::1]",
    "",
    "a" * 300,
)
BODIES = tuple(
    json.dumps(each).encode()
    for each in (
        {"source": "rtsp://user:secret@127.0.0.1:9/1", "tasks": ["detection"]},
        {"source": "/etc/passwd"},
        {"source": "0", "outputs": ["/etc/x.jsonl"], "models": ["/"]},
        {"box": [1, 2, 30, 40], "track": 1},
        {"steps": -1, "fov": "wide", "camera": "1x1@1,MJPG", "detect_every": "auto"},
    )
)


@dataclass(frozen=True)
class Fuzzed:
    """One request as it is sent, and whether it shows the token."""

    number: int
    raw: bytes
    allowed: bool
    method: str
    path: str


def request(number: int) -> Fuzzed:
    """The request of a number."""
    dice = random.Random(number)  # noqa: S311
    method, path = dice.choice(METHODS), dice.choice(PATHS)
    if dice.random() < 0.4:
        path += dice.choice(TRICKS)
    # Whoever has the token may change a source; this one is to be there at the end.
    changes = method in ("PUT", "PATCH", "DELETE") and path.startswith("/sources/door")
    allowed = dice.random() < 0.6 and not changes
    body = dice.choice(BODIES) if dice.random() < 0.5 else b""
    if body and dice.random() < 0.5:
        body = mutated(body, dice, text=True)
    if body and dice.random() < 0.05:
        body *= 2000
    lines = [f"{method} {path} HTTP/1.{dice.choice('1110')}", f"Host: {dice.choice(HOSTS)}"]
    if allowed:
        lines.append(f"Authorization: Bearer {TOKEN}")
    lines += dice.sample(HEADERS, dice.choice((0, 0, 0, 1, 1, 3)))
    if body and dice.random() < 0.9:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    raw = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
    if dice.random() < 0.15:
        raw = mutated(raw, dice, text=False)
        allowed = allowed and TOKEN.encode() in raw
    return Fuzzed(number, raw, allowed, method, path)


def answer_to(fuzzed: Fuzzed, address: tuple[str, int]) -> bytes:
    """What comes back, or the first part of it where it goes on for ever."""
    found = b""
    with suppress(OSError), socket.create_connection(address, timeout=WAIT_S) as client:
        client.settimeout(WAIT_S)
        with suppress(ConnectionError):
            client.sendall(fuzzed.raw)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        while len(found) < 100_000 and (part := client.recv(65536)):
            found += part
    return found


def faults(fuzzed: Fuzzed, answer: bytes) -> Iterator[str]:
    """What is wrong with an answer; no answer at all, the connection closed, is a good one."""
    status = int(answer[9:12]) if answer[:7] == b"HTTP/1." and answer[9:12].isdigit() else None
    if answer and status is None:
        yield "the answer is no HTTP"
    if status is not None and status >= 500 and status != 503:
        yield f"status {status}"
    told = answer
    if fuzzed.allowed:  # a mistake's place may repeat what was sent, but nothing else
        told = (
            answer.replace(TOKEN.encode(), b"")
            if TOKEN.encode() in fuzzed.path.encode()
            else answer
        )
    yield from (f"the answer holds {each!r}" for each in NEVER if each in told)
    # No method but GET begins a WebSocket; that is said before anybody is asked for a token.
    unasked = {405} if b"websocket" in fuzzed.raw else set()
    open_to_all = b"/health/" in fuzzed.raw.split(b"\r\n", 1)[0]
    closed = fuzzed.allowed or open_to_all or status in CLOSED | unasked
    if status is not None and not closed:
        yield f"status {status} without a token"


def configuration(folder: Path) -> Path:
    """A file with a token, a password, and a file beside it that nobody may read."""
    (folder / "secret.txt").write_bytes(SECRET_LINE)
    (folder / "token").write_text(TOKEN)
    path = folder / "cameras.yaml"
    path.write_text(
        f"port: 0\ntoken_file: token\nclients: 32\nsources:\n"
        f"  door: {{source: '{CLIP}', loop: true, tasks: [detection], detect_every: 8}}\n"
        f"  gate: {{source: 'rtsp://admin:{PASSWORD}@127.0.0.1:9/1', tasks: [detection]}}\n"
    )
    return path


def fuzz(address: str, numbers: range, clients: int = 8) -> tuple[Counter[str], list[str]]:
    """Send the requests of these numbers; returns how often each status came, and what is wrong."""
    host, port = address.split("/")[2].rsplit(":", 1)
    counts: Counter[str] = Counter()
    found: list[str] = []
    lock = threading.Lock()

    def one(number: int) -> None:
        fuzzed = request(number)
        answer = answer_to(fuzzed, (host, int(port)))
        with lock:
            counts[answer[9:12].decode("latin-1") if answer else "closed"] += 1
            found.extend(f"{number}: {fault}" for fault in faults(fuzzed, answer))

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, numbers))
    return counts, found


def listening(process: psutil.Process) -> list[str]:
    """Every address at which a process waits for connections or datagrams."""
    return sorted(
        f"{each.laddr.ip}:{each.laddr.port}"
        for each in process.net_connections("inet")
        if each.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
    )


@contextmanager
def served(path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The command `edgereg serve` as a process of its own: its address, once it answers."""
    command = [sys.executable, "-m", "edgereg", "serve", str(path)]
    with psutil.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[-1], process
        finally:
            process.terminate()


def frames(address: str) -> int:
    """Of the source that is there from the beginning to the end."""
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    asked = urllib.request.Request(f"{address}sources/door", headers=bearer)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return int(json.load(answer)["frames"])


def main() -> int:
    """Exit code 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", type=int, help="how many")
    parser.add_argument("--start", type=int, default=0, help="number of the first one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(configuration(Path(folder))) as at:
        address, process = at
        while not frames(address):
            time.sleep(0.2)
        print(f"listening: {', '.join(listening(process))} (served: {address})")
        # The first part brings up all that is there only where it is asked for.
        counts, found = fuzz(address, range(given.start, given.start + given.requests // 2))
        before, seen, began = process.memory_info().rss, frames(address), time.monotonic()
        rest = range(given.start + given.requests // 2, given.start + given.requests)
        more, also = fuzz(address, rest)
        took = time.monotonic() - began
        grown, after = (process.memory_info().rss - before) / 2**20, frames(address)
        print(f"{given.requests} requests: {dict((counts + more).most_common())}")
        print(
            f"second half: {len(rest) / took:.0f} requests/s beside {(after - seen) / took:.1f} "
            f"frames/s; memory {before / 2**20:.0f} MB, grew by {grown:.1f} MB"
        )
    print("\n".join(found + also) or "nothing found")
    return int(bool(found + also))


if __name__ == "__main__":
    sys.exit(main())
