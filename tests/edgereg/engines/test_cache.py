"""Compiled engines in the cache: reused when whole, built again when anything is off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgereg.engines.cache import SEAL, CacheKey, EngineCache, key_for

KEY = CacheKey("ab" * 32, "fp16", "{}", "tensorrt 10.3", "Orin 8.7", "540.4")


class Compiler:
    """Fills an empty entry as TensorRT would, and counts how often it had to."""

    def __init__(self, cache: EngineCache) -> None:
        self.cache, self.builds = cache, 0

    def __call__(self, key: CacheKey = KEY) -> bytes:
        folder = self.cache.open(key)
        plan = folder / "model.plan"
        if not plan.exists():
            self.builds += 1
            plan.write_bytes(b"engine for " + key.digest.encode())
        self.cache.seal(key)
        return plan.read_bytes()


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(EngineCache(tmp_path / "cache"))


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


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: damage(folder / "model.plan"),
        lambda folder: damage(folder / SEAL),
        lambda folder: (folder / SEAL).unlink(),
        lambda folder: (folder / "model.plan").unlink(),
        lambda folder: (folder / "stray").write_bytes(b"?"),
        stale,
    ],
    ids=["cut plan", "cut seal", "never sealed", "no plan", "stray file", "stale seal"],
)
def test_a_damaged_or_stale_entry_is_built_again(
    compiler: Compiler, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    good = compiler()
    spoil(entry(tmp_path))
    assert compiler() == good
    assert compiler.builds == 2


def test_the_key_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.onnx"
    file.write_bytes(b"one")
    first = key_for(file, "fp32", {"x": [1, "n"]})
    assert key_for(file, "fp32", {"x": [1, "n"]}) == first
    file.write_bytes(b"two")
    assert key_for(file, "fp32", {"x": [1, "n"]}).digest != first.digest
