"""Passwords and tokens, which stand in files of their own."""

from __future__ import annotations

from pathlib import Path

from edgereg.core.errors import EdgeregError


def secret_in(path: Path | None) -> str | None:
    """The first line of a file; None where no file is named. Raises EdgeregError."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip().partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeregError(f"{path}: the secret can't be read") from error
    if not text or not text.isprintable():
        raise EdgeregError(f"{path}: its first line must be the secret")
    return text
