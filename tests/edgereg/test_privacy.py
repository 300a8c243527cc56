"""Nothing leaves the machine, and nothing is written into the home folder that is not edgereg's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgereg.demo.clip import CLIP

HOMES = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")
LISTENING = """
import os, time
import psutil
from edgereg.spread import on_ray

ray, mine = on_ray._connect("ray:1")

@ray.remote
def inherited():
    import edgereg
    return os.environ["ORT_DISABLE_TELEMETRY"], os.environ["RAY_USAGE_STATS_ENABLED"]

print(ray.get(inherited.remote()))
mine = [psutil.Process(), *psutil.Process().children(recursive=True)]
for process in mine:
    for each in process.net_connections("inet"):
        if each.status == "LISTEN":
            print("listens", each.laddr.ip)
ray.shutdown()
"""


def environment(home: Path) -> dict[str, str]:
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_", "RAY_"))}
    return {**kept, **{name: str(home) for name in HOMES}}


def test_it_is_off_before_anything_is_imported() -> None:
    code = "import edgereg, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], *sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    value, *modules = said.stdout.split()
    assert value == "1"
    assert "onnxruntime" not in modules


@pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="needs edgereg[cpu]")
def test_a_run_connects_to_nobody_and_leaves_home_clean(tmp_path: Path) -> None:
    """Watched by strace where there is one."""
    home, log = tmp_path / "home", tmp_path / "connections"
    watcher = ["strace", "-f", "-qq", "-e", "trace=connect", "-o", str(log)]
    run = [sys.executable, "-m", "edgereg", "run", str(CLIP), str(tmp_path / "o.jsonl"), "--limit"]
    command = [*(watcher if shutil.which("strace") else ()), *run, "5"]
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    for line in log.read_text().splitlines() if log.exists() else ():
        assert re.search(r"AF_UNIX|AF_NETLINK|127\.0\.0\.1|\"::1\"|sa_family=AF_UNSPEC", line), line
    written = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert [path for path in written if "edgereg" not in path.parts] == []


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs edgereg[ray]")
def test_local_workers_listen_on_loopback_and_inherit_the_switches(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTENING],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=True,
    )
    first, *listening = [line for line in done.stdout.splitlines() if line.startswith(("(", "li"))]
    assert first == "('1', '0')"
    assert listening
    assert {line.split()[1] for line in listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
