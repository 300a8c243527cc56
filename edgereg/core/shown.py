"""Paths and addresses as messages, tables, logs and titles may show them.

`shown` hides what a password, a token or a query could give away, and makes harmless what a name
could do to a terminal: control characters, and bytes that are no UTF-8.
"""

from __future__ import annotations

import re
from os import PathLike, fspath

HIDDEN = "***"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^/?#@:\s]+)(:\d{1,5})?(?=[/?#]|$)")
# A name with a dot, or an address in brackets: no user's name.
_CLEAR_HOST = re.compile(r"localhost\b|[^/?#@:]*\.[^/?#@:]*(:\d+)?(?=[/?#]|$)|\[")
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
    if SCHEME.match(plain):
        plain = _address_shown(plain)
    else:
        plain = _ADDRESS.sub(lambda found: _address_shown(found[0]), plain)
    if "://" in plain or "!" in plain:  # a plain file's name keeps all its letters
        plain = _SECRET.sub(rf"\1={HIDDEN}", plain)
    return harmless(plain)


def harmless(text: str) -> str:
    """The text with every character that a terminal would obey, or can't print, as an escape."""
    return _UNPRINTABLE.sub(_escape, text)


def harmless_lines(text: str) -> str:
    """The same for a text of several lines, such as a traceback."""
    return "\n".join(map(harmless, text.splitlines()))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, as Python keeps it in names
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _address_shown(address: str) -> str:
    scheme, _, rest = address.partition("://")
    if scheme.lower() == "file":
        return address
    login, host = split_login(rest)
    # What could be a password is hidden: too much is better than too little.
    if login is not None or not _CLEAR_HOST.match(host):
        hidden, at, host = host.rpartition("@")
        login = login or (hidden if at else None)
    before, fragment, _ = host.partition("#")
    head, question, query = before.partition("?")
    if login is not None:
        head = f"{HIDDEN}@{head}"
    head = _VALUE.sub(HIDDEN, _KEY.sub(HIDDEN, head))
    query = _VALUE.sub(HIDDEN, query) if "=" in query else HIDDEN if query else ""
    return f"{scheme}://{head}{question}{query}{fragment and '#' + HIDDEN}"


def split_login(rest: str) -> tuple[str | None, str]:
    """(login, host and what follows) of what stands behind `scheme://`; no login is None.

    The login ends at the first @ behind which a host's name stands, so that passwords may hold @,
    / and #. A host is recognised by a dot, a port or brackets; where none is, the form of URLs
    decides: the last @ before the first slash.
    """
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    if "@" not in rest[:end] and re.fullmatch(r"[^:]*(:\d{0,5})?|\[.*\](:\d{0,5})?", rest[:end]):
        return None, rest  # a plain host, what follows is its path
    for at in (found.start() for found in re.finditer("@", rest)):
        host = _HOST.match(rest, at + 1)
        if host and (host[2] or host[1] == "localhost" or "." in host[1] or host[1][0] == "["):
            return rest[:at], rest[at + 1 :]
    at = rest.rfind("@", 0, end)
    return (rest[:at], rest[at + 1 :]) if at >= 0 else (None, rest)
