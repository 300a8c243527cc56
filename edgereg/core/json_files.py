"""JSON from files that anybody may have written: its size, depth and numbers are bounded."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

MOST_BYTES = 16 * 2**20
MOST_NESTED = 64
MOST_DIGITS = 100


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """The UTF-8 text of a file.

    Raises OSError where it can't be read, ValueError where it is no file, too large, or no text.
    """
    if path.exists() and not path.is_file():
        raise ValueError("is no file")
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"is larger than {most_bytes / 2**20:g} MiB")
    return content.decode("utf-8")


def read_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """What a JSON file holds. Raises OSError and ValueError as `read_text` and `parse_json` do."""
    return parse_json(read_text(path, most_bytes))


def parse_json(text: str) -> Any:
    """What a JSON text holds.

    Raises ValueError where it is none, nests deeper than MOST_NESTED, or has a number that is not
    finite or longer than MOST_DIGITS.
    """
    try:
        found = json.loads(
            text, parse_int=_integer, parse_float=_number, parse_constant=_no_constant
        )
    except RecursionError as error:
        raise ValueError(f"is nested deeper than {MOST_NESTED}") from error
    waiting = [(found, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict | list):
            if depth > MOST_NESTED:
                raise ValueError(f"is nested deeper than {MOST_NESTED}")
            inside = value.values() if isinstance(value, dict) else value
            waiting += ((each, depth + 1) for each in inside)
    return found


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"has a number of {len(text)} digits")
    return int(text)


def _number(text: str) -> float:
    value = float(text) if len(text) <= MOST_DIGITS else math.inf
    if not math.isfinite(value):
        raise ValueError(f"has a number out of range: {text[:20]}...")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is no number")
