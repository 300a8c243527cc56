"""Plugins in a package index: the only part of edgereg that asks a server, and only when told to.

The index is asked for the names of all its packages (the Simple API, as JSON), since it can't be
searched; those that begin as packages of plugins do are asked for what they say of themselves.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from edgereg.core.errors import EdgeregError, one_line
from edgereg.core.shown import harmless, shown

PYPI = "https://pypi.org/simple/"
# What `edgereg plugin new` names packages.
PREFIX = "edgereg-"

TIMEOUT_S = 20.0
# PyPI's list of names has some 40 MB.
MOST_BYTES = 400_000_000
MOST_OF_ONE = 20_000_000
# Packages that are asked at once, and of those that are found at all.
AT_ONCE = 8
MOST_PACKAGES = 500
# Of a summary, in characters.
LONGEST = 200

_SIMPLE = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Package:
    """What an index says of a package. version, summary: empty where it does not tell."""

    name: str
    version: str = ""
    summary: str = ""


def search(word: str, index: str = PYPI) -> list[Package]:
    """Packages of plugins with a word in their name, summary or keywords; an empty one: all.

    index: the address of a Simple API; it may hold a user and a password. Raises EdgeregError where
    it does not answer, or not so.
    """
    try:
        parts = urlsplit(index)
        host = parts.hostname if parts.scheme in ("http", "https") else None
        place = f"[{host}]" if ":" in (host or "") else host
        place = place if parts.port is None else f"{place}:{parts.port}"
    except ValueError:
        host = None
    if not host:
        raise EdgeregError(f"a package index has an address such as {PYPI}")
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    key = b64encode(user.encode()).decode() if user != ":" else None
    address = f"{parts.scheme}://{place}{parts.path}"
    names = sorted(set(_plugins_in(_asked(address, key, MOST_BYTES), address)))
    about = address.rstrip("/").removesuffix("/simple") + "/pypi/{}/json"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda name: _told(name, about, key), names[:MOST_PACKAGES]))
    wanted = word.casefold()
    return [package for package, words in told if wanted in words]


def _plugins_in(listed: Any, index: str) -> Iterator[str]:
    """The names, as indexes write them, of packages that are called like plugins."""
    try:
        names = [str(each["name"]) for each in listed["projects"]]
    except (TypeError, KeyError) as error:
        raise EdgeregError(f"{shown(index)}: is no list of packages") from error
    for name in names:
        normal = re.sub(r"[-_.]+", "-", name).lower()
        if normal.startswith(PREFIX):
            yield normal


def _told(name: str, about: str, key: str | None) -> tuple[Package, str]:
    """What an index says of a package, and the words to be searched; its name alone, where the
    index tells no more."""
    try:
        info = _asked(about.format(name), key, MOST_OF_ONE)["info"]
        version, summary = str(info["version"]), harmless(str(info["summary"] or ""))
        words = f"{name} {summary} {info.get('keywords') or ''}"
    except (EdgeregError, TypeError, KeyError, AttributeError):
        return Package(name), name
    return Package(name, harmless(version), summary[:LONGEST]), words.casefold()


def _asked(address: str, key: str | None, most: int) -> Any:
    """What an address answers, as JSON. key: of the user, which no redirection gets. Raises
    EdgeregError."""
    headers = {
        "Accept": f"{_SIMPLE}, application/json;q=0.9",
        "Accept-Encoding": "gzip",
        "User-Agent": "edgereg",
    }
    request = Request(address, headers=headers)  # noqa: S310
    if key is not None:
        request.add_unredirected_header("Authorization", f"Basic {key}")
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            packed = answer.headers.get("Content-Encoding") == "gzip"
            body = (gzip.GzipFile(fileobj=answer) if packed else answer).read(most + 1)
    except HTTPError as error:
        raise EdgeregError(f"{shown(address)}: answers {error.code}") from error
    except (OSError, HTTPException, EOFError) as error:
        why = error.reason if isinstance(error, URLError) else error
        said = one_line(why) if isinstance(why, Exception) else str(why)
        raise EdgeregError(f"{shown(address)}: can't be reached: {said}") from error
    if len(body) > most:
        raise EdgeregError(f"{shown(address)}: answers with more than {most // 1_000_000} MB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EdgeregError(f"{shown(address)}: does not answer in JSON") from error
