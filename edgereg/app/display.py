"""Whether there is a screen to show a window on: without one, Qt aborts the process."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

ADVICE = (
    "run this on a machine with a screen, or log in with 'ssh -X'; without a screen there is "
    "'edgereg run'"
)


def missing_display(environment: Mapping[str, str] = os.environ) -> str | None:
    """One line on why no window can be shown, or None where it can."""
    if sys.platform in ("win32", "darwin") or environment.get("QT_QPA_PLATFORM"):
        return None
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if not wayland and not x11:
        return f"there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); {ADVICE}"
    if wayland and _answers(Path(environment.get("XDG_RUNTIME_DIR", "/")) / wayland):
        return None
    match = re.fullmatch(r"(.*):(\d+)(?:\.\d+)?", x11 or "")
    if match and _x_answers(match.group(1), int(match.group(2))):
        return None
    return f"the display {x11 or wayland} does not answer; {ADVICE}"


def _x_answers(host: str, number: int) -> bool:
    if host in ("", "unix"):
        place = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
        return _answers(Path(place)) or _answers(f"\0{place}")
    with suppress(OSError), socket.create_connection((host, 6000 + number), timeout=3):
        return True
    return False


def _answers(place: Path | str) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as there:
        there.settimeout(3)
        there.connect(str(place))
        return True
    return False
