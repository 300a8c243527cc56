"""Paths and addresses fit to show: nothing secret, nothing that a terminal would obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgereg.core.shown import shown, split_login


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("clips/a b.mp4", "clips/a b.mp4"),
        ("key=1.mp4", "key=1.mp4"),
        ("rtsp://me:secret@cam/live", "rtsp://***@cam/live"),
        ("rtsp://me:se/cr@et@192.168.1.5/live", "rtsp://***@192.168.1.5/live"),
        ("rtsp://me:se#cr?et@10.0.0.1:554/live", "rtsp://***@10.0.0.1:554/live"),
        ("rtsp://cam/h?channel=1&token=secret", "rtsp://cam/h?channel=1&token=***"),
        ("http://cam/v?key=ab", "http://cam/v?key=***"),
        ("http://cam/v?secret", "http://cam/v?***"),
        ("http://cam/v#secret", "http://cam/v#***"),
        (
            "rtsp://cam:554/user=me&password=secret&channel=1",
            "rtsp://cam:554/user=me&password=***&channel=1",
        ),
        ("rtsps://nvr:7441/AbCdEf0123456789", "rtsps://nvr:7441/***"),
        ("http://host.lan:8080/a@b.mp4", "http://host.lan:8080/a@b.mp4"),
        (
            "rtspsrc location=rtsp://me:secret@cam/live ! appsink",
            "rtspsrc location=rtsp://***@cam/live ! appsink",
        ),
        (
            'rtspsrc user-id=me user-pw="a secret" ! appsink',
            "rtspsrc user-id=me user-pw=*** ! appsink",
        ),
        ("\x1b[31mred\x07.mp4", "\\x1b[31mred\\x07.mp4"),
        ("name\udcff.mp4", "name\\xff.mp4"),
        ("txt.\u202e4pm", "txt.\\u202e4pm"),
    ],
)
def test_what_is_shown(typed: str, expected: str) -> None:
    assert shown(typed) == expected


@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=6))
def test_no_password_survives(password: str) -> None:
    """Whatever it holds; what it shares with the address itself does not count."""
    plain = shown(f"rtsp://me:{password}@192.168.1.5:554/live")
    assert plain.endswith("@192.168.1.5:554/live")
    assert password not in plain


@given(st.text(max_size=200))
def test_it_is_one_harmless_line(text: str) -> None:
    plain = shown(text)
    assert len(plain.splitlines()) <= 1
    assert "\x1b" not in plain
    plain.encode("utf-8")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("host/path@x", (None, "host/path@x")),
        ("[::1]:554/x", (None, "[::1]:554/x")),
        ("u:p@host/x", ("u:p", "host/x")),
        ("u:p@[::1]/x", ("u:p", "[::1]/x")),
        ("u:p@ss@cam.local/x", ("u:p@ss", "cam.local/x")),
        ("u:p/w@localhost/x@2x.png", ("u:p/w", "localhost/x@2x.png")),
    ],
)
def test_where_a_login_ends(rest: str, expected: tuple[str | None, str]) -> None:
    assert split_login(rest) == expected
