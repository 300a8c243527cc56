"""Writes docs/api.md from the docstrings: python docs/make_api_page.py."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import edgereg
from edgereg import api

PAGE = Path(__file__).with_name("api.md")
FRONT = ("stream", "run", "predict")
HEAD = """# The Python API

Made from the docstrings by `python docs/make_api_page.py`; a test holds the two together.

`edgereg` is the front door for programs, `edgereg.api` (version {version}) what plugins import.
What stands here keeps its name and its meaning within a version; everything else may change.
"""


def page() -> str:
    """The whole page."""
    from edgereg.plugins import API_VERSION

    parts = [HEAD.format(version=API_VERSION), "## edgereg\n"]
    parts += [_entry(f"edgereg.{name}", getattr(edgereg, name)) for name in FRONT]
    parts.append("## edgereg.api\n")
    parts += [_entry(name, getattr(api, name)) for name in sorted(api._HOME_OF)]
    return "\n".join(parts)


def _entry(name: str, thing: Any) -> str:
    """A heading, the signature of a function, and the docstring as it stands."""
    text = inspect.getdoc(thing) if inspect.isclass(thing) or callable(thing) else None
    signature = ""
    if inspect.isfunction(thing):
        parameters = ",\n    ".join(
            str(p).replace("'", "") for p in inspect.signature(thing).parameters.values()
        )
        signature = f"{name}(\n    {parameters},\n)\n\n"
    body = text if text and not text.startswith(f"{name}(") else "A type; see the source."
    return f"### {name}\n\n```text\n{signature}{body}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
