"""README and docs use nothing of edgereg but what is promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROMISED = re.compile(
    r"edgereg|edgereg\.api|edgereg\.testing|edgereg_\w+|edgereg_training\.(bel|ebm|gllim|prroi|regcls)"
    r"|edgereg_(age|depth|detection|driving|headpose|landmarks|progress|tracking)\.task"
)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_only_promised_modules_are_imported(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    used = re.findall(r"^\s*(?:from|import) (edgereg[\w.]*)", "\n".join(blocks), re.M)
    assert [name for name in used if not PROMISED.fullmatch(name)] == []


def test_one_place_builds_pipelines() -> None:
    builders = [
        str(path.relative_to(ROOT))
        for folder in ("edgereg", "plugins", "training", "exporters")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"(?<!class )\b(StagedPipeline|run_sequential)\(", path.read_text("utf-8"))
        and not re.search(r"^def run_sequential", path.read_text("utf-8"), re.M)
    ]
    assert builders == ["edgereg/assembly.py"]
