"""The cores that a process may use, in a container too."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgereg.engines import machine
from edgereg.engines.machine import cpu_quota, usable_cores


@pytest.mark.parametrize(
    ("files", "own", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 1.5),
        ({"cpu.max": "max 100000\n"}, "0::/\n", None),
        ({"a/b/cpu.max": "50000 100000\n", "cpu.max": "max 100000\n"}, "0::/a/b\n", 0.5),
        ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu:/\n", 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu:/\n", None),
        ({"cpu.max": "nonsense"}, "0::/\n", None),
        ({}, "", None),
    ],
)
def test_quota(tmp_path: Path, files: dict[str, str], own: str, expected: float | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "own").write_text(own)
    assert cpu_quota(tmp_path, tmp_path / "own") == expected


@pytest.mark.parametrize(("quota", "expected"), [(0.3, 1), (1.5, 2), (64.0, 8), (None, 8)])
def test_a_quota_counts_in_whole_cores(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, expected: int
) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(machine, "cpu_quota", lambda: quota)
    assert usable_cores() == expected
