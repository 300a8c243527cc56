"""Deliveries and rules that come, change and go with the configuration file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

from edgereg.serve.server import Service
from tests.edgereg.serve.client import running, send, until

Say = Callable[..., None]


@pytest.fixture
def say(tmp_path: Path, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Say:
    """say(deliver=..., rules=...) writes the configuration anew."""
    from edgereg.serve import watched_files

    monkeypatch.setattr(watched_files, "LOOK_S", 0.05)
    source = {"source": str(clip()), "loop": True, "tasks": ["colour"]}

    def write(**more: Any) -> None:
        config = {"port": 0, "sources": {"door": source, "yard": source}, **more}
        (tmp_path / "cameras.yaml").write_text(json.dumps(config))

    return write


def archive(folder: str, **more: Any) -> dict[str, Any]:
    return {"to": "files", "folder": folder, "format": "messages", "sources": ["door"], **more}


def written(folder: Path) -> list[Any]:
    files = sorted(folder.glob("**/*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_delivery_that_changes_loses_nothing_and_restarts_no_other(
    serve: Callable[..., Service], say: Say, tmp_path: Path
) -> None:
    say(deliver={"a": archive("first"), "b": archive("kept")})
    service = serve(tmp_path / "cameras.yaml")
    until(running(service, "door", "yard"))
    door = service.workers["door"]
    before = {each.name: each for each in service.deliveries}
    say(deliver={"a": archive("second"), "b": archive("kept"), "c": archive("new")})
    until(lambda: [each.name for each in service.deliveries] == ["a", "b", "c"])
    after = {each.name: each for each in service.deliveries}
    assert after["a"] is not before["a"]
    assert after["b"] is before["b"]
    assert service.workers["door"] is door
    until(lambda: after["a"].progress.sent > 5)
    told = send(service, "GET", "/deliveries")[1]
    assert [each["name"] for each in told] == ["a", "b", "c"]
    say(deliver={"a": archive("second"), "b": archive("kept")})
    until(lambda: [each.name for each in service.deliveries] == ["a", "b"])
    assert service.stop()
    parts = written(tmp_path / "first") + written(tmp_path / "second")
    assert len(parts) == len(written(tmp_path / "kept")) == door.live.count
    assert [each["at"] for each in parts] == sorted(each["at"] for each in parts)


def test_a_delivery_that_can_t_be_is_told_and_the_old_one_goes_on(
    serve: Callable[..., Service], say: Say, tmp_path: Path
) -> None:
    say(deliver={"a": archive("first")})
    service = serve(tmp_path / "cameras.yaml")
    until(running(service, "door"))
    say(deliver={"a": archive("second", keep_megabytes=1, megabytes=2)})

    def mistake() -> str:
        return str(send(service, "GET", "/service")[1]["mistake"])

    until(lambda: "deliver.a: keep_megabytes" in mistake())
    (old,) = service.deliveries
    sent = old.progress.sent
    until(lambda: old.progress.sent > sent)
    assert not (tmp_path / "second").exists()


def test_a_rule_that_changes_restarts_the_sources_that_it_is_for(
    serve: Callable[..., Service], say: Say, tmp_path: Path
) -> None:
    say()
    service = serve(tmp_path / "cameras.yaml")
    until(running(service, "door", "yard"))
    before = dict(service.workers)
    say(rules={"all": {"when": "results", "task": "colour", "sources": ["door"], "every": 1}})
    until(lambda: service.workers["door"] is not before["door"])
    until(running(service, "door", "yard"))
    assert list(service.workers["door"].rules) == ["all"]
    assert service.workers["yard"] is before["yard"]
