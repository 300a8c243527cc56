"""What a check finds, and the journal through which the checked process tells it.

A plugin may crash the process that it is tried in, or hang there: each line is on disk before the
next step begins, so that what was under way is known in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. mend: what to do; traceback: of what the plugin raised."""

    level: Level
    subject: str
    said: str
    mend: str = ""
    traceback: str = ""


class Journal:
    """Written by the process that tries a plugin, a JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self.failed = False

    def add(self, level: Level, subject: str, said: str, mend: str = "", trace: str = "") -> None:
        """Note a finding."""
        self.failed |= level == "error"
        self._write({"finding": asdict(Finding(level, subject, said, mend, trace))})

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Note what is under way: if the process ends in it, it is what ended it."""
        self._write({"doing": doing})
        yield
        self._write({"doing": ""})

    def end(self) -> None:
        """Note that nothing is left to be done."""
        self._write({"end": True})

    def _write(self, line: dict[str, Any]) -> None:
        print(json.dumps(line), file=self._file, flush=True)


def read_journal(path: Path) -> tuple[list[Finding], str, bool]:
    """The findings, what was under way last, and whether it came to its end."""
    findings, doing, ended = [], "starting", False
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if "finding" in line:
            findings.append(Finding(**line["finding"]))
        doing = line.get("doing", doing)
        ended = ended or "end" in line
    return findings, doing, ended
