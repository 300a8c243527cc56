"""Sources added, changed, stopped and removed while the service runs, and boxes drawn."""

from __future__ import annotations

import http.client
import json
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve.server import Service
from tests.edgereg.serve.client import ask, running, send, until

Serve = Callable[..., Service]
TOKEN = "0123456789abcdef"  # noqa: S105
VIEW_TOKEN = "fedcba9876543210"  # noqa: S105


def door(clip: Callable[..., Path], **more: Any) -> dict[str, Any]:
    return {"source": str(clip()), "loop": True, **more}


def test_a_source_comes_changes_and_goes(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    service = serve({"door": door(clip)}, media=[str(tmp_path)])
    until(running(service, "door"))
    first = service.workers["door"]
    new = door(clip, tasks=["colour"])
    status, told = send(service, "PUT", "/sources/yard", new)
    assert (status, told["name"]) == (201, "yard")
    until(running(service, "yard"))
    status, _ = send(service, "PATCH", "/sources/yard", {"refine": False})
    assert status == 200
    until(running(service, "yard"))
    assert service.workers["yard"].config.refine is False
    assert service.workers["yard"].config.tasks == ("colour",)
    assert service.workers["door"] is first
    assert send(service, "DELETE", "/sources/yard")[0] == 204
    assert list(service.workers) == ["door"]
    assert send(service, "DELETE", "/sources/yard")[0] == 404


def test_models_that_no_source_wants_any_more_are_forgotten(
    serve: Serve, clip: Callable[..., Path]
) -> None:
    service = serve({"door": door(clip), "desk": door(clip)})
    until(running(service, "door", "desk"))
    kept = service.workers["desk"].at_work
    for threads in (1, 2, 3):
        send(service, "PATCH", "/sources/door", {"threads": threads})
        until(running(service, "door"))
        assert len(service._shared._loaded) == 2
    assert kept is service.workers["desk"].at_work
    send(service, "DELETE", "/sources/door")
    assert len(service._shared._loaded) == 1


def test_a_source_is_stopped_and_started(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": door(clip)})
    until(running(service, "door"))
    count = service.workers["door"].live.count
    assert send(service, "POST", "/sources/door/stop")[1]["state"] == "stopped"
    assert send(service, "POST", "/sources/door/start")[0] == 200
    until(running(service, "door"))
    assert service.workers["door"].live.count > count
    assert service.workers["door"].counters().frames >= count
    assert ask(service, "/health/live").status == 200


def test_a_file_that_has_ended_is_started_again(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"clip": {"source": str(clip(count=4))}})
    until(lambda: service.workers["clip"].state == "ended")
    send(service, "POST", "/sources/clip/start")
    until(lambda: service.workers["clip"].live.count == 8)


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ({"steps": -1}, "steps", "greater than or equal to 0"),
        ({"taks": ["colour"]}, "taks", "not permitted"),
        ({"prompts": [{"box": [1, 2, 0, 4]}]}, "prompts.0.box.2", "greater than 0"),
        ({"tasks": ["nothing"]}, "", "no task 'nothing'"),
        ({"source": "/etc/passwd"}, "", "source: over HTTP"),
        ({"source": "file:///etc/passwd"}, "", "source: over HTTP"),
        ({"source": "concat:/etc/passwd"}, "", "source: over HTTP"),
        ({"source": "-"}, "", "source: over HTTP"),
        ({"source": "filesrc location=/etc/passwd ! filesink location=/x"}, "", "source: over"),
        ({"source": "rtsp://a/1 ! filesink location=/x"}, "", "source: over HTTP"),
        ({"outputs": ["x.jsonl"]}, "", "outputs: only the configuration"),
        ({"models": ["model"]}, "", "models: only the configuration"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_nothing_changes(
    serve: Serve, clip: Callable[..., Path], content: dict[str, Any], place: str, message: str
) -> None:
    service = serve({"door": door(clip)})
    before = service.workers["door"]
    status, told = send(service, "PATCH", "/sources/door", content)
    assert status == 422
    assert told["mistakes"][0]["place"] == place
    assert message in told["mistakes"][0]["message"]
    assert service.workers["door"] is before


def test_a_link_leads_out_of_no_media_folder(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "out").symlink_to("/etc")
    service = serve({"door": door(clip)}, media=[str(media)])
    for name in (f"{media}/out/passwd", f"{media}/../clip.mp4"):
        assert send(service, "PUT", "/sources/x", {"source": name})[0] == 422


@pytest.mark.parametrize("name", ["..", "a b", "-a", "x" * 65, "%2e%2e%2fx"])
def test_a_name_must_be_one(serve: Serve, clip: Callable[..., Path], name: str) -> None:
    service = serve({"door": door(clip)})
    status, _ = send(service, "PUT", f"/sources/{name.replace(' ', '%20')}", {"source": "0"})
    assert status in (404, 405, 422)
    assert list(service.workers) == ["door"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Host": "rebound.example"}, 400),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_no_other_page_changes_anything(
    serve: Serve, clip: Callable[..., Path], headers: dict[str, str], status: int
) -> None:
    service = serve({"door": door(clip)})
    assert send(service, "PATCH", "/sources/door", {"refine": False}, **headers)[0] == status
    assert service.workers["door"].config.refine is (status != 200)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[1]", 400), (b"\xff", 400), (b"[" * 5000, 400), (b" " * 70_000, 413)],
)
def test_a_body_must_be_a_json_object_of_some_size(
    serve: Serve, clip: Callable[..., Path], body: bytes, status: int
) -> None:
    service = serve({"door": door(clip)})
    connection = http.client.HTTPConnection(urlsplit(service.address).netloc, timeout=10)
    connection.request("PUT", "/sources/x", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == status


def test_a_body_that_never_ends_is_not_waited_for(
    serve: Serve, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import control

    monkeypatch.setattr(control, "BODY_S", 0.2)
    service = serve({"door": door(clip)})
    host, port = urlsplit(service.address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        head = "PUT /sources/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        client.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
        assert b" 408 " in client.recv(100)


def test_who_may_look_changes_nothing(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "view").write_text(VIEW_TOKEN)
    files = {"token_file": tmp_path / "token", "view_token_file": tmp_path / "view"}
    service = serve({"door": door(clip)}, **files)
    viewer, editor = ({"Authorization": f"Bearer {token}"} for token in (VIEW_TOKEN, TOKEN))
    assert send(service, "GET", "/sources", **viewer)[0] == 200
    assert send(service, "GET", "/service", **viewer)[1]["may_change"] is False
    assert send(service, "GET", "/service", **editor)[1]["may_change"] is True
    for method, path in [
        ("PUT", "/sources/door"),
        ("PATCH", "/sources/door"),
        ("DELETE", "/sources/door"),
        ("POST", "/sources/door/stop"),
        ("POST", "/sources/door/prompts"),
        ("DELETE", "/sources/door/prompts"),
    ]:
        assert send(service, method, path, {}, **viewer)[0] == 403
        assert send(service, method, path, {})[0] == 401
    assert send(service, "POST", "/sources/door/stop", **editor)[0] == 200


def test_changes_are_there_again_until_the_file_says_something_else(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    path = str(clip())
    config = tmp_path / "cameras.yaml"

    def say(**sources: dict[str, Any]) -> None:
        full = {name: {"source": path, "loop": True, **each} for name, each in sources.items()}
        config.write_text(json.dumps({"port": 0, "media": [str(tmp_path)], "sources": full}))

    say(a={"tasks": ["colour"]}, b={"tasks": ["colour"]}, c={"tasks": ["colour"]})
    service = serve(config)
    send(service, "PATCH", "/sources/a", {"refine": False})
    send(service, "PATCH", "/sources/b", {"refine": False})
    send(service, "DELETE", "/sources/c")
    send(service, "PUT", "/sources/d", {"source": path, "loop": True, "tasks": ["colour"]})
    send(service, "POST", "/sources/d/stop")
    assert service.stop()
    kept = tmp_path / "cameras.state" / "changes.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    say(a={"tasks": ["colour"]}, b={"tasks": ["colour"], "steps": 3}, c={"tasks": ["colour"]})
    again = serve(config)
    assert set(again.workers) == {"a", "b", "d"}
    assert again.workers["a"].config.refine is False
    assert again.workers["b"].config.refine is True
    assert again.workers["d"].state == "stopped"


def test_a_kept_change_that_no_longer_works_is_given_up(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path
) -> None:
    """Else the service could not start until somebody finds the file that it lies in."""
    source = {"source": str(clip()), "loop": True, "tasks": ["colour"]}
    config = tmp_path / "cameras.yaml"
    config.write_text(json.dumps({"port": 0, "sources": {"door": source, "yard": source}}))
    service = serve(config)
    send(service, "PATCH", "/sources/door", {"tasks": ["pointed"]})
    send(service, "PATCH", "/sources/yard", {"refine": False})
    assert service.stop()
    rules = {"all": {"when": "results", "task": "colour", "sources": ["door"], "every": 1}}
    config.write_text(
        json.dumps({"port": 0, "sources": {"door": source, "yard": source}, "rules": rules})
    )
    again = serve(config)
    assert again.workers["door"].config.tasks == ("colour",)
    assert again.workers["yard"].config.refine is False


def test_the_file_is_watched_and_only_what_changed_restarts(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import watched_files

    monkeypatch.setattr(watched_files, "LOOK_S", 0.05)
    one = f"{{source: {clip()}, loop: true, tasks: [colour]}}"
    other = f"{{source: {clip()}, loop: true, tasks: [colour], refine: false}}"
    config = tmp_path / "cameras.yaml"
    config.write_text(f"port: 0\nsources: {{a: {one}, b: {one}, c: {one}}}")
    service = serve(config)
    until(running(service, "a", "b", "c"))
    a, b = service.workers["a"], service.workers["b"]
    config.write_text(f"port: 0\nsources: {{a: {one}, b: {other}, d: {one}}}")
    until(lambda: set(service.workers) == {"a", "b", "d"})
    until(running(service, "a", "b", "d"))
    assert service.workers["a"] is a
    assert service.workers["b"] is not b

    def mistake() -> str | None:
        told: str | None = send(service, "GET", "/service")[1]["mistake"]
        return told

    config.write_text(f"port: 0\nsources: {{a: {one}, b: {{source: 0, taks: x}}}}")
    until(lambda: "sources.b.taks" in (mistake() or ""))
    assert (mistake() or "").startswith("cameras.yaml: ")
    assert set(service.workers) == {"a", "b", "d"}
    config.write_text(f"port: 0\nclients: 3\nsources: {{a: {one}}}")
    until(lambda: "clients: changes with the next start" in (mistake() or ""))
    assert service.workers == {"a": a}
    config.write_text(f"port: 0\nsources: {{a: {one}}}")
    until(lambda: mistake() is None)


def test_a_box_is_drawn_followed_and_forgotten(serve: Serve, clip: Callable[..., Path]) -> None:
    service = serve({"door": door(clip, tasks=["pointed"]), "other": door(clip)})
    until(running(service, "door", "other"))

    def facts() -> Any:
        return send(service, "GET", "/sources/door")[1]

    assert facts()["follows"]
    assert send(service, "POST", "/sources/door/prompts", {"box": [10, 10, 20, 20]}) == (
        201,
        {"track": 1},
    )
    send(service, "POST", "/sources/door/prompts", {"box": [30, 10, 9, 9]})
    until(lambda: [each["track"] for each in facts()["records"]] == [1, 2])
    send(service, "POST", "/sources/door/prompts", {"box": [1, 1, 5, 5], "track": 1})
    until(lambda: sorted(each["values"]["x1"] for each in facts()["records"]) == [1, 30])
    assert facts()["followed"] == [1, 2]
    assert send(service, "DELETE", "/sources/door/prompts/2")[0] == 204
    until(lambda: [each["track"] for each in facts()["records"]] == [1])
    assert send(service, "DELETE", "/sources/door/prompts/2")[0] == 404
    for where, message in [
        ({"box": [64, 0, 5, 5]}, "outside of the picture, which is 64 x 48"),
        ({"box": [1, 1, 5, 5], "track": 7}, "no object 7"),
        ({"box": [1, 1, 0, 5]}, "greater than 0"),
        ({"box": [1, 1, 5]}, "required"),
    ]:
        status, told = send(service, "POST", "/sources/door/prompts", where)
        assert status == 422
        assert message in told["mistakes"][0]["message"]
    status, told = send(service, "POST", "/sources/other/prompts", {"box": [1, 1, 5, 5]})
    assert status == 422
    assert "a task that follows boxes" in told["mistakes"][0]["message"]
    assert send(service, "DELETE", "/sources/door/prompts")[0] == 204
    until(lambda: facts()["records"] == [])
