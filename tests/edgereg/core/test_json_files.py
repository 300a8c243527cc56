"""JSON that anybody may have written: bounded, and refused in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from edgereg.core.json_files import parse_json, read_json


def test_what_is_ordinary_is_read(tmp_path: Path) -> None:
    content = {"a": [1, -2.5e3, None, True, "ä"], "b": {"c": 10**20}}
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == content


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested deeper"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested deeper"),
        ("[" * 65 + "]" * 65, "nested deeper"),
        ("9" * 5000, "5000 digits"),
        ("1e400", "out of range"),
        ("0." + "1" * 200, "out of range"),
        ('{"a": NaN}', "no number"),
        ("-Infinity", "no number"),
        ("{", "Expecting"),
    ],
)
def test_what_is_not_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_json(text)


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="larger than 16 MiB"):
        read_json(tmp_path / "large.json")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/zero")
def test_a_device_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="is no file"):
        read_json(tmp_path / "a.json")


def test_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ValueError, match="utf-8"):
        read_json(tmp_path / "a.json")
