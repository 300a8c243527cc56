"""Paths and addresses as messages, tables, logs and titles may show them.

`shown` hides what a password, a token or a query could give away, and makes harmless what a name
could do to a terminal: control characters, and bytes that are no UTF-8.
"""

from __future__ import annotations

import re
from os import PathLike, fspath

HIDDEN = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# A value in a query or a path; up to three characters it is a channel's number, not a secret.
_VALUE = re.compile(r"(?<==)[^=&;/?#\s]{4,}")
_SECRET = re.compile(
    r"(?i)([\w-]*(?:pw|pass|passwd|password|token|secret|key|auth|sig|signature))"
    r"=(\"[^\"]*\"|[^&;/?#\s]+)"
)
# A part of a path that nobody chose: the key of a stream (rtmp, UniFi, presigned addresses).
_KEY = re.compile(r"(?<=/)(?=[^/.?#]*\d)(?=[^/.?#]*[A-Za-z])[A-Za-z0-9_~+=-]{16,}(?=[/?#]|$)")
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def shown(text: str | PathLike[str]) -> str:
    """A path, an address or a GStreamer string without secrets, on one harmless line.

    User and password become `***`, values of a query too unless they are as short as a channel's
    number; control characters, marks that turn the direction of writing, and bytes that are no
    UTF-8 are written as escapes.
    """
    plain = fspath(text)
    if _SCHEME.match(plain):
        plain = _address_shown(plain)
    else:
        plain = _ADDRESS.sub(lambda found: _address_shown(found[0]), plain)
    if "://" in plain or "!" in plain:  # a plain file's name keeps all its letters
        plain = _SECRET.sub(rf"\1={HIDDEN}", plain)
    return harmless(plain)


def harmless(text: str) -> str:
    """The text with every character that a terminal would obey, or can't print, as an escape."""
    return _UNPRINTABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, as Python keeps it in names
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _address_shown(address: str) -> str:
    scheme, _, rest = address.partition("://")
    if scheme.lower() == "file":
        return address
    before, fragment, _ = rest.partition("#")
    head, question, query = before.partition("?")
    # All up to the last @ of what could be a password: too much hidden is better than too little.
    if "@" in head:
        head = f"{HIDDEN}@{head.rpartition('@')[2]}"
    elif "@" in rest:  # the password itself holds a ? or #
        return f"{scheme}://{HIDDEN}@{_address_shown('x://' + rest.rpartition('@')[2])[4:]}"
    head = _VALUE.sub(HIDDEN, _KEY.sub(HIDDEN, head))
    query = _VALUE.sub(HIDDEN, query) if "=" in query else HIDDEN if query else ""
    return f"{scheme}://{head}{question}{query}{fragment and '#' + HIDDEN}"
