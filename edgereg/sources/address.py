"""Addresses of streams as people type them -> as FFmpeg takes them."""

from __future__ import annotations

import re
from urllib.parse import quote

from edgereg.core.shown import split_login


def dialled(address: str) -> str:
    """The address with its user and password in the form that URLs ask for.

    Passwords are typed as they are, with `@`, `/`, `#` or `!` in them; escapes that stand there
    already stay.
    """
    scheme, _, rest = address.partition("://")
    login, host = split_login(rest)
    if login is None:
        return address
    user, colon, password = login.partition(":")
    safe = "%" if re.search(r"%[0-9A-Fa-f]{2}", login) else ""
    return f"{scheme}://{quote(user, safe)}{colon}{quote(password, safe)}@{host}"
