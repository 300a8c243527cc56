"""What a study gives: tables, a plot and plain sentences; written as Markdown, JSON and PNG."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from edgereg.core.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    # Draws into an empty figure.
    Plot: TypeAlias = Callable[[Figure], None]

Entry: TypeAlias = "str | int | float | None"


@dataclass(frozen=True)
class Table:
    """rows: one entry for each column; numbers are shown with four significant digits."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table '{self.title}': a row has {len(row)} entries: {row}")


@dataclass(frozen=True)
class Report:
    """findings: what holds and what does not, a sentence each; method: how it was done (data,
    sizes, seeds), a paragraph; record: further numbers for the JSON file only."""

    tables: tuple[Table, ...]
    findings: tuple[str, ...]
    method: str
    plot: Plot | None = None
    plot_size: tuple[float, float] = (8.0, 5.0)
    record: dict[str, Any] | None = None


def write_report(report: Report, title: str, command: str, out: Path, name: str) -> Path:
    """Write OUT/NAME.md, NAME.json and, where there is a plot, NAME.png; returns the first."""
    out.mkdir(parents=True, exist_ok=True)
    if report.plot is not None:
        draw(report.plot, report.plot_size, out / f"{name}.png")
    content = json.dumps(_content(report, title, command), indent=1) + "\n"
    replace_file(out / f"{name}.json", content.encode())
    path = out / f"{name}.md"
    replace_file(path, markdown(report, title, command, name).encode())
    return path


def draw(plot: Plot, size: tuple[float, float], path: Path) -> None:
    """The report's figure into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    plot(figure)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=100, format="png")
    replace_file(path, picture.getvalue())


def _content(report: Report, title: str, command: str) -> dict[str, Any]:
    tables = [
        {"title": t.title, "columns": t.columns, "rows": [finite_only(r) for r in t.rows]}
        for t in report.tables
    ]
    content: dict[str, Any] = {
        "title": title, "command": command, "method": report.method,
        "findings": report.findings, "tables": tables,
    }  # fmt: skip
    return content | ({"record": report.record} if report.record else {})


def finite_only(row: Sequence[Entry]) -> list[Entry]:
    """A row whose infinite and undefined numbers are None, as JSON wants it."""
    return [None if isinstance(v, float) and not math.isfinite(v) else v for v in row]


def markdown(report: Report, title: str, command: str, name: str) -> str:
    """The report as Markdown."""
    parts = [f"# {title}", f"    {command}", report.method]
    parts.append("\n".join(f"- {finding}" for finding in report.findings))
    if report.plot is not None:
        parts.append(f"![{title}]({name}.png)")
    for table in report.tables:
        parts.append(f"## {table.title}")
        lines = ["| " + " | ".join(table.columns) + " |", "|---" * len(table.columns) + "|"]
        lines += ["| " + " | ".join(shown(entry) for entry in row) + " |" for row in table.rows]
        parts.append("\n".join(lines))
        if table.note:
            parts.append(table.note)
    return "\n\n".join(part for part in parts if part) + "\n"


def shown(entry: Entry) -> str:
    """An entry as text: four significant digits, an empty cell for None."""
    if entry is None:
        return ""
    if isinstance(entry, float):
        return f"{entry:.4g}"
    return str(entry)
