"""Sources served over HTTP, with the stand-in tasks and without one real camera."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from edgereg.core.errors import EdgeregError
from edgereg.core.records import FIELDS

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve.server import Service
from tests.edgereg.serve.client import ask, running, until

Serve = Callable[..., Service]
TOKEN = "0123456789abcdef"  # noqa: S105


def test_two_looped_clips_are_served(serve: Serve, clip: Callable[..., Path]) -> None:
    path = str(clip())
    service = serve({name: {"source": path, "loop": True} for name in ("left", "right")})
    until(running(service, "left", "right"))
    until(lambda: all(each.live.count > 15 for each in service.workers.values()))  # it has looped
    left, right = json.load(ask(service, "/sources"))
    assert (left["name"], left["state"], right["name"]) == ("left", "running", "right")
    assert {each["task"] for each in left["records"]} == {"spots", "colour"}
    picture = np.frombuffer(ask(service, "/sources/left/picture.jpg").read(), np.uint8)
    assert cv2.imdecode(picture, cv2.IMREAD_COLOR).shape == (48, 64, 3)
    metrics = ask(service, "/metrics").read().decode()
    assert 'edgereg_up{source="left"} 1.0' in metrics
    assert 'edgereg_stage_seconds{quantile="0.5",source="right",stage="decode"}' in metrics


def test_sources_that_want_the_same_share_one_model(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import shared

    loads: list[object] = []
    load = shared.load
    monkeypatch.setattr(shared, "load", lambda *given: loads.append(given) or load(*given))
    path = str(clip())
    service = serve({name: {"source": path, "loop": True} for name in ("a", "b", "c")})
    until(running(service, "a", "b", "c"))
    assert len(loads) == 1


def test_results_come_as_events(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    until(running(service, "door"))
    stream = ask(service, "/sources/door/events")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    numbers, found = [], []
    while len(found) < 5:
        line = stream.readline().decode()
        if line.startswith("id: "):
            numbers.append(int(line[4:]))
        if line.startswith("data: "):
            found.append(json.loads(line[6:]))
    stream.close()
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert all(set(record) == set(FIELDS) for records in found for record in records)
    assert len(found[0]) == 4


def test_who_comes_back_gets_what_was_missed(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    live = service.workers["door"].live
    until(lambda: live.count > 10)
    stream = ask(service, "/sources/door/events", **{"Last-Event-ID": str(live.count - 5)})
    first = next(line for line in iter(stream.readline, b"") if line.startswith(b"id: "))
    assert int(first[4:]) <= live.count - 4
    stream.close()
    stream = ask(service, "/sources/door/events", **{"Last-Event-ID": "99999999999"})
    first = next(line for line in iter(stream.readline, b"") if line.startswith(b"id: "))
    assert int(first[4:]) < 10_000
    stream.close()


def socket_of(service: Service, name: str, **headers: str) -> Any:
    client = pytest.importorskip("websockets.sync.client")
    netloc = urlsplit(service.address).netloc
    return client.connect(f"ws://{netloc}/sources/{name}/socket", additional_headers=headers)


def test_results_come_over_a_websocket(serve: Serve, clip: Callable[..., Path]) -> None:
    # In the clip's own time, so that it has not ended before a busy machine is connected.
    service = serve({"door": {"source": str(clip(count=24)), "realtime": True}})
    with socket_of(service, "door") as socket:
        found = [json.loads(text) for text in socket]  # it is closed at the end of the file
    last = service.workers["door"].counters().frames
    assert [each["id"] for each in found] == list(range(found[0]["id"], last + 1))
    assert {each["source"] for each in found} == {"door"}
    assert all(set(record) == set(FIELDS) for each in found for record in each["records"])


def test_a_websocket_that_is_left_counts_no_more(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}}, clients=1)
    for _ in range(3):
        with socket_of(service, "door") as socket:
            socket.recv(timeout=10)
            assert ask(service, "/sources/door/events").status == 503
        time.sleep(0.3)


def test_no_websocket_without_the_token_or_for_another_page(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    exceptions = pytest.importorskip("websockets.exceptions")
    service = serve({"door": {"source": str(clip()), "loop": True}})
    for name, origin in (("door", "https://evil.example"), ("nobody", service.address[:-1])):
        with pytest.raises(exceptions.InvalidStatus):
            socket_of(service, name, Origin=origin)
    with socket_of(service, "door", Origin=service.address[:-1]):
        pass
    monkeypatch.setenv("EDGEREG_TOKEN", TOKEN)
    guarded = serve({"door": {"source": str(clip()), "loop": True}})
    with pytest.raises(exceptions.InvalidStatus):
        socket_of(guarded, "door", Authorization="Bearer wrong")
    with socket_of(guarded, "door", Authorization=f"Bearer {TOKEN}"):
        pass


def test_results_are_delivered_and_told(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    service = serve(
        {"clip": {"source": str(clip(count=8))}},
        deliver={
            "archive": {"to": "files", "folder": str(tmp_path / "out"), "tasks": ["colour"]},
            "away": {"to": "webhook", "url": "http://127.0.0.1:9/secret-path"},
        },
        state=str(tmp_path / "state"),
    )
    archive, away = service.deliveries
    until(lambda: archive.progress.sent == 8 and away.progress.waiting == 8)
    until(lambda: away.progress.error is not None)
    facts = ask(service, "/deliveries").read().decode()
    assert "secret-path" not in facts
    assert [each["sent"] for each in json.loads(facts)] == [8, 0]
    metrics = ask(service, "/metrics").read().decode()
    assert 'edgereg_delivery_sent_total{delivery="archive"} 8.0' in metrics
    assert 'edgereg_delivery_waiting{delivery="away"} 8.0' in metrics
    assert 'edgereg_delivery_up{delivery="away"} 0.0' in metrics
    assert service.stop()
    (table,) = (tmp_path / "out" / "clip").iterdir()
    assert [json.loads(line)["frame"] for line in table.read_text().splitlines()] == [
        frame for frame in range(8) for _ in range(2)
    ]


def test_what_rules_say_is_delivered_and_counted(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    # Each frame is lighter than the last: grey 16, 24, 32 ...; two spots at (8, 8) and (16, 8).
    service = serve(
        {"clip": {"source": str(clip(count=20))}},
        rules={
            "light": {"when": "threshold", "task": "colour", "values": {"red": [60, 100]}},
            "here": {"when": "region", "task": "spots", "roi": [0, 0, 12, 20]},
        },
        deliver={
            "said": {
                "to": "files",
                "folder": str(tmp_path / "out"),
                "format": "messages",
                "rules": ["light", "here"],
            },
            "all": {"to": "files", "folder": str(tmp_path / "all"), "format": "messages"},
        },
        state=str(tmp_path / "state"),
    )
    said_to, all_to = service.deliveries
    until(lambda: all_to.progress.sent == 20)
    until(lambda: said_to.progress.sent >= 5)
    metrics = ask(service, "/metrics").read().decode()
    assert 'edgereg_rule_events_total{rule="light",source="clip"} 4.0' in metrics
    assert service.stop()
    (file,) = (tmp_path / "out" / "clip").iterdir()
    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert {each["source"] for each in said} == {"clip"}
    here = [each for each in said if each["rule"] == "here"]
    assert [each["event"] for each in here] == ["enter"]
    light = [
        (each["event"], each["records"][0]["frame"]) for each in said if each["rule"] == "light"
    ]
    assert [what for what, _ in light] == ["begin", "begin", "end", "end"]
    assert {frame for what, frame in light if what == "begin"} == {6}
    assert all(each["track"] == each["records"][0]["track"] for each in said)
    (file,) = (tmp_path / "all" / "clip").iterdir()
    assert all("rule" not in json.loads(line) for line in file.read_text().splitlines())


def test_after_a_restart_tracks_counters_and_rules_go_on(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    tracks: list[set[int]] = []
    for frames in (6, 12):
        service = serve(
            {"clip": {"source": str(clip(count=6))}},
            rules={"here": {"when": "region", "task": "spots", "roi": [0, 0, 12, 20]}},
            state=str(tmp_path / "state"),
        )
        worker = service.workers["clip"]
        until(lambda worker=worker: worker.state == "ended")
        assert worker.counters().frames == frames
        assert worker.events == {"here": frames / 6}
        assert worker.live.latest is not None
        tracks.append({record["track"] for record in worker.live.latest.records})
        assert service.stop()
    assert tracks == [{1, 2}, {3, 4}]


def test_a_rule_about_a_value_that_is_none_is_told(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve(
        {"door": {"source": str(clip()), "loop": True}},
        rules={"r": {"when": "change", "task": "colour", "of": "yellow"}},
    )
    until(lambda: service.workers["door"].error is not None)
    assert "gives no number 'yellow'; it has: red, green, blue" in str(
        service.workers["door"].error
    )


def test_pictures_come_as_jpegs(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    stream = ask(service, "/sources/door/live.mjpg")
    assert stream.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
    for _ in range(3):
        assert stream.readline() == b"--frame\r\n"
        assert stream.readline() == b"Content-Type: image/jpeg\r\n"
        length = int(stream.readline().split(b":")[1])
        assert stream.readline() == b"\r\n"
        jpeg = np.frombuffer(stream.read(length), np.uint8)
        assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR) is not None
        assert stream.readline() == b"\r\n"
    stream.close()


def test_a_source_that_fails_is_tried_again_and_harms_no_other(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    good, later = str(clip()), tmp_path / "later.mp4"
    service = serve(
        {"good": {"source": good, "loop": True}, "bad": {"source": str(later), "loop": True}}
    )
    bad = service.workers["bad"]
    until(lambda: bad.counters().failures >= 2)
    assert bad.state == "waiting"
    assert bad.error is not None
    assert "later.mp4" in bad.error
    assert ask(service, "/health/live").status == 200
    assert 'edgereg_up{source="bad"} 0.0' in ask(service, "/metrics").read().decode()
    before = service.workers["good"].live.count
    until(lambda: service.workers["good"].live.count > before)
    later.write_bytes(Path(good).read_bytes())
    until(running(service, "good", "bad"))
    assert bad.counters().recoveries == 1
    assert bad.error is None
    assert service.workers["good"].counters().failures == 0


def test_a_source_that_stands_still_is_started_anew(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.sources.paced import PacedSource

    frames = PacedSource.frames

    def three(self: Any) -> Iterator[Any]:
        for _, frame in zip(range(3), frames(self), strict=False):
            yield frame
        self._closed.wait()

    monkeypatch.setattr(PacedSource, "frames", three)
    service = serve({"door": {"source": str(clip()), "loop": True, "stalled": 0.5}})
    until(lambda: service.workers["door"].counters().recoveries >= 1)


def test_a_file_comes_to_its_end_and_its_table_is_continued(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    table = tmp_path / "colours.jsonl"
    source = {"source": str(clip(count=5)), "outputs": [str(table)]}
    for times in (1, 2):
        service = serve({"clip": source})
        until(lambda worker=service.workers["clip"]: worker.state == "ended")
        assert len(table.read_text().splitlines()) == times * 5 * 4
    assert ask(service, "/health/ready").status == 200


def test_who_reads_slowly_slows_nobody(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip(size=(640, 480))), "loop": True}})
    worker = service.workers["door"]
    until(running(service, "door"))
    host, port = urlsplit(service.address).netloc.split(":")
    readers = [socket.create_connection((host, int(port))) for _ in range(8)]
    for position, reader in enumerate(readers):  # they ask, and never read
        what = "live.mjpg" if position % 2 else "events"
        reader.sendall(f"GET /sources/door/{what} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    before, began = worker.live.count, time.monotonic()
    until(lambda: worker.live.count >= before + 30)
    assert time.monotonic() - began < 10  # 1.5 s of film
    for reader in readers:
        reader.close()


def test_no_more_streams_than_allowed(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}}, clients=1)
    first = ask(service, "/sources/door/events")
    first.readline()
    assert ask(service, "/sources/door/live.mjpg").status == 503
    first.close()


def test_the_head_of_a_stream_is_an_answer_that_ends(
    serve: Serve, clip: Callable[..., Path]
) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    for path in ("live.mjpg", "live.mp4", "events"):
        answer = ask(service, f"/sources/door/{path}", "HEAD")
        assert (answer.status, answer.read()) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/sources", "/sources/door/events", "/metrics", "/page.js"])
def test_nobody_comes_in_without_the_token(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("EDGEREG_TOKEN", TOKEN)
    service = serve({"door": {"source": str(clip()), "loop": True}})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "edgereg_token="}):
        assert ask(service, path, **headers).status == 401
    assert ask(service, path, Authorization=f"Bearer {TOKEN}").status == 200
    assert ask(service, path, Cookie=f"edgereg_token={TOKEN}").status == 200
    assert ask(service, "/health/live").status == 200


def test_a_browser_shows_the_token_once(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEREG_TOKEN", TOKEN)
    service = serve({"door": {"source": str(clip()), "loop": True}})
    answer = ask(service, f"/?token={TOKEN}")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age=" in cookie
    assert ask(service, "/?token=wrong").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/config.py",
        "/sources/..%2f..%2fetc%2fpasswd/events",
        "/sources/%00/picture.jpg",
        "/sources/nobody/live.mjpg",
        "//etc/passwd",
        "/page.js%00.html",
    ],
)
def test_no_path_leads_to_a_file(serve: Serve, clip: Callable[..., Path], path: str) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    assert ask(service, path).status == 404


def test_other_names_and_methods_are_refused(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    assert ask(service, "/sources", Host="rebound.example").status == 400
    assert ask(service, "/sources", "POST").status == 405


def test_a_password_in_an_address_is_not_told(serve: Serve) -> None:
    service = serve({"door": {"source": "rtsp://admin:hunter22@127.0.0.1:9/1"}})
    until(lambda: service.workers["door"].counters().failures >= 1)
    assert "hunter22" not in ask(service, "/sources").read().decode()


def test_the_folders_of_files_are_not_told(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    output = {"outputs": [str(tmp_path / "out.jsonl")]}
    gone = {"source": str(tmp_path / "gone.mp4")}
    service = serve({"door": {"source": str(clip()), "loop": True, **output}, "gone": gone})
    until(running(service, "door"))
    until(lambda: service.workers["gone"].error is not None)
    told = [ask(service, path).read() for path in ("/sources", "/sources/door", "/sources/gone")]
    assert b"clip.mp4" in told[1]
    assert b"out.jsonl" in told[1]
    assert b"gone.mp4" in told[2]
    assert not [each for each in told if str(tmp_path).encode() in each]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ({"tasks": ["nothing"]}, "sources.door: no task 'nothing'"),
        ({"outputs": ["film.mp4"]}, "sources.door: film.mp4"),
    ],
)
def test_what_can_never_work_is_refused_at_once(
    serve: Serve, source: dict[str, Any], place: str
) -> None:
    with pytest.raises(EdgeregError, match=place):
        serve({"door": {"source": "0", **source}})


def test_a_port_that_is_taken_is_told(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": {"source": str(clip()), "loop": True}})
    port = urlsplit(service.address).port
    with pytest.raises(EdgeregError, match="can't listen"):
        serve({"door": {"source": "0"}}, port=port)
