"""Compiled engines in the cache: reused when whole, built again when anything is off."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgereg.core.errors import EngineError
from edgereg.engines import machine
from edgereg.engines.cache import ABANDONED_S, SEAL, CacheKey, EngineCache, key_for

KEY = CacheKey("ab" * 32, "fp16", "{}", "tensorrt 10.3", "Orin 8.7", "540.4")


class Compiler:
    """Fills an empty entry as TensorRT would, and counts how often it had to."""

    def __init__(self, cache: EngineCache) -> None:
        self.cache, self.builds = cache, 0

    def __call__(self, key: CacheKey = KEY) -> bytes:
        def build(folder: Path) -> None:
            self.builds += 1
            (folder / "model.plan").write_bytes(b"engine for " + key.digest.encode())

        return (self.cache.fetch(key, build) / "model.plan").read_bytes()


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(EngineCache(tmp_path / "cache", wait_s=10))


def entry(tmp_path: Path) -> Path:
    return tmp_path / "cache" / KEY.digest


def test_a_whole_entry_is_reused(compiler: Compiler) -> None:
    assert compiler() == compiler()
    assert compiler.builds == 1


@pytest.mark.parametrize("field", ["model", "precision", "shapes", "compiler", "gpu", "driver"])
def test_any_other_circumstance_is_another_entry(compiler: Compiler, field: str) -> None:
    compiler()
    compiler(replace(KEY, **{field: "something else"}))
    assert compiler.builds == 2


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def stale(folder: Path) -> None:
    seal = json.loads((folder / SEAL).read_text())
    seal["key"]["driver"] = "1.0"
    (folder / SEAL).write_text(json.dumps(seal))


def foreign(folder: Path) -> None:
    """An entry of another key, whole in itself, copied over this one."""
    other = Compiler(EngineCache(folder.parent))
    key = replace(KEY, gpu="another board")
    other(key)
    for file in (folder.parent / key.digest).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: damage(folder / "model.plan"),
        lambda folder: (folder / "model.plan").write_bytes(b""),
        lambda folder: damage(folder / SEAL),
        lambda folder: (folder / SEAL).write_text("[]"),
        lambda folder: (folder / SEAL).unlink(),
        lambda folder: (folder / "model.plan").unlink(),
        lambda folder: (folder / "stray").write_bytes(b"?"),
        stale,
        foreign,
    ],
    ids=[
        "cut plan",
        "empty plan",
        "cut seal",
        "no seal at all",
        "never sealed",
        "no plan",
        "stray file",
        "stale seal",
        "foreign",
    ],
)
def test_a_damaged_or_stale_entry_is_built_again_with_one_line(
    compiler: Compiler,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    good = compiler()
    spoil(entry(tmp_path))
    with caplog.at_level(logging.INFO):
        assert compiler() == good
    assert compiler.builds == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert compiler() == good
    assert compiler.builds == 2


def test_an_entry_that_is_a_file_is_built_again(compiler: Compiler, tmp_path: Path) -> None:
    good = compiler()
    folder = entry(tmp_path)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_bytes(b"not a folder")
    assert compiler() == good


def test_a_build_that_fails_leaves_nothing(compiler: Compiler, tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "half").write_bytes(b"half an engine")
        raise EngineError("out of memory")

    with pytest.raises(EngineError, match="out of memory"):
        compiler.cache.fetch(KEY, build)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] in ([".lock"], [])
    compiler()
    assert compiler.builds == 1


def test_what_killed_processes_left_is_swept_away(compiler: Compiler, tmp_path: Path) -> None:
    old, recent = (tmp_path / "cache" / name for name in ("a.old.part", "b.recent.part"))
    old.mkdir(parents=True)
    recent.mkdir()
    past = time.time() - 2 * ABANDONED_S
    os.utime(old, (past, past))
    compiler()
    assert not old.exists()
    assert recent.exists()


PROCESS = """
import logging, sys, time
from pathlib import Path
from edgereg.engines.cache import CacheKey, EngineCache
logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
root, wait, takes, value = Path(sys.argv[1]), *map(float, sys.argv[2:4]), sys.argv[4]
def build(folder):
    print("built", flush=True)
    for part in range(2):
        (folder / f"part{part}").write_text(value * 1000)
        time.sleep(takes / 2)
start = time.perf_counter()
key = CacheKey("ab" * 32, "fp16", "{}", "tensorrt 10.3", "Orin 8.7", "540.4")
folder = EngineCache(root, wait_s=wait).fetch(key, build)
print("took", time.perf_counter() - start)
print("content", {len(file.read_text()) for file in folder.glob("part*")} == {1000})
"""


def start(root: Path, wait: float, takes: float, value: str = "x") -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROCESS, str(root), str(wait), str(takes), value]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    assert "content True" in text
    return text


def took(text: str) -> float:
    return float(next(line for line in text.splitlines() if line.startswith("took")).split()[1])


def test_of_processes_that_start_at_once_one_builds(tmp_path: Path) -> None:
    texts = [said(each) for each in [start(tmp_path, 60, 1.0) for _ in range(3)]]
    assert sorted(text.count("built") for text in texts) == [0, 0, 1]
    later = said(start(tmp_path, 60, 1.0))
    assert "built" not in later
    assert took(later) < 1.0 / 5


def test_one_that_waits_in_vain_builds_for_itself(tmp_path: Path) -> None:
    texts = [said(each) for each in [start(tmp_path, 0.2, 2.0, v) for v in "ab"]]
    assert [text.count("built") for text in texts] == [1, 1]
    assert sum("compiling here as well" in text for text in texts) == 1
    assert "built" not in said(start(tmp_path, 60, 1.0))


def test_a_builder_that_is_killed_does_not_block_the_next(tmp_path: Path) -> None:
    first = start(tmp_path, 60, 60)
    assert first.stdout is not None
    assert first.stdout.readline() == "built\n"
    first.kill()
    first.communicate()
    assert "built" in said(start(tmp_path, 60, 0.1))


def test_the_key_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.onnx"
    file.write_bytes(b"one")
    first = key_for(file, "fp32", {"x": [1, "n"]})
    assert key_for(file, "fp32", {"x": [1, "n"]}) == first
    assert key_for(file, "fp32", {"x": [1, "n"]}, "tensorrt 11.4").digest != first.digest
    file.write_bytes(b"two")
    assert key_for(file, "fp32", {"x": [1, "n"]}).digest != first.digest


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ("NVIDIA H100, 9.0, 570.86\n", ("NVIDIA H100 9.0", "570.86")),
        ("", None),
        ("Orin (nvgpu)\n", None),
    ],
)
def test_the_gpu_is_asked_for_its_name(
    monkeypatch: pytest.MonkeyPatch, answer: str, identity: tuple[str, str] | None
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, answer, "")

    monkeypatch.setattr(machine.subprocess, "run", run)
    machine.gpu_identity.cache_clear()
    found = machine.gpu_identity()
    machine.gpu_identity.cache_clear()
    assert found == identity or (identity is None and found[0] in ("none", "Tegra"))
