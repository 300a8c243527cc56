"""Asks the package index whether all that edgereg needs on a Jetson comes as wheels for it.

    python deploy/jetson/check_wheels.py

For each line of JetPack, pip resolves `requirements.txt` and CUDA's Python bindings, with all that
they need in turn, for that line's Python on 64-bit Arm Linux, from wheels only; nothing is
installed, and little is loaded. Prints what it would install; ends with 1 where it can't.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True)
class Line:
    """One line of JetPack; glibc: the second number of its C library's version, 2.N."""

    name: str
    python: str
    glibc: int
    cuda: str


LINES = (Line("JetPack 6.x", "3.10", 35, "12.6"), Line("JetPack 7.2", "3.12", 39, "13.2"))


def pip_command(line: Line, report: Path) -> list[str]:
    """What resolves for the board, wherever it runs."""
    names = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, line.glibc + 1))]
    platforms = [part for name in names for part in ("--platform", f"{name}_aarch64")]
    return [
        sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
        "--disable-pip-version-check", "--only-binary=:all:", "--implementation", "cp",
        "--python-version", line.python, *platforms, "--target", str(report.parent),
        "--report", str(report), "-r", str(REQUIREMENTS), f"cuda-python=={line.cuda}.*",
    ]  # fmt: skip


def wheels(report: dict[str, Any]) -> list[str]:
    """File names of a report of pip, in order."""
    return sorted(item["download_info"]["url"].rsplit("/")[-1] for item in report["install"])


def foreign(names: Sequence[str]) -> list[str]:
    """Those that are no wheel for any machine or for 64-bit Arm Linux."""
    return [name for name in names if not name.endswith(("-none-any.whl", "_aarch64.whl"))]


def resolve(line: Line) -> list[str]:
    """The wheels of a line. Raises ValueError, one line, where there are not all."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            pip_command(line, report), capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = [text for text in done.stderr.splitlines() if text.startswith("ERROR")]
            raise ValueError((said or ["pip says nothing"])[-1])
        found = wheels(json.loads(report.read_text(encoding="utf-8")))
    if wrong := foreign(found):
        raise ValueError(f"not for 64-bit Arm Linux: {', '.join(wrong)}")
    return found


def main() -> int:
    """Check both lines."""
    bad = 0
    for line in LINES:
        print(f"{line.name}, CPython {line.python}, glibc 2.{line.glibc}, CUDA {line.cuda}:")
        try:
            print(*(f"  {name}" for name in resolve(line)), sep="\n")
        except ValueError as error:
            bad = 1
            print(f"  {error}", file=sys.stderr)
    return bad


if __name__ == "__main__":
    sys.exit(main())
