"""`edgereg serve` as a process: it answers, and SIGTERM ends it within five seconds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("yaml")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_sigterm_ends_it_within_five_seconds(
    start_edgereg: Start, clip: Callable[..., Path], tmp_path: Path
) -> None:
    config = tmp_path / "cameras.yaml"
    config.write_text(
        f"""
port: 0
sources:
  door: {{source: {clip()}, loop: true, tasks: [brightness], outputs: [door.jsonl]}}
  gone: {{source: "rtsp://127.0.0.1:9/1", tasks: [brightness]}}
"""
    )
    process = start_edgereg("serve", config)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    end = time.monotonic() + 60
    states: dict[str, str] = {}
    while states != {"door": "running", "gone": "waiting"}:
        assert time.monotonic() < end, states
        time.sleep(0.2)
        with urllib.request.urlopen(address + "sources", timeout=10) as answer:  # noqa: S310
            states = {each["name"]: each["state"] for each in json.load(answer)}
    stream = urllib.request.urlopen(address + "sources/door/events", timeout=10)  # noqa: S310
    stream.readline()
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, told = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 0, told
    assert "gone" in told
    lines = (tmp_path / "door.jsonl").read_text().splitlines()
    assert lines
    assert all(json.loads(line)["task"] == "brightness" for line in lines)
    stream.close()


def test_a_mistake_is_one_line(start_edgereg: Start, tmp_path: Path) -> None:
    config = tmp_path / "cameras.yaml"
    config.write_text("sources: {door: {source: 0}}\nhost: 0.0.0.0\n")
    process = start_edgereg("serve", config)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a token is needed" in told
    assert len(told.strip().splitlines()) == 1


def test_run_imports_nothing_of_it() -> None:
    code = (
        "import sys, edgereg.cli.run, edgereg.assembly, edgereg.front_door\n"
        "print(*({'starlette', 'uvicorn', 'prometheus_client', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
