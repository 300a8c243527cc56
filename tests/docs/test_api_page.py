"""docs/api.md is what the docstrings say."""

from __future__ import annotations

import runpy
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs"


def test_the_page_is_made_from_the_docstrings() -> None:
    made = runpy.run_path(str(PAGES / "make_api_page.py"))["page"]()
    assert (PAGES / "api.md").read_text(encoding="utf-8") == made, "run docs/make_api_page.py"
