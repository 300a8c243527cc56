"""Seconds as people read them on a player."""

from __future__ import annotations

import re


def timecode(seconds: float) -> str:
    """1:02.3, or 1:02:03 from one hour on; negative counts as 0."""
    tenths = int(max(seconds, 0.0) * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{rest // 10:02}"
    return f"{minutes}:{rest // 10:02}.{rest % 10}"


def place_of(text: str) -> int | float:
    """What a user types to go somewhere: an int is the number of a frame, counted from 1, a float a
    time in seconds: "120", or "83.5", "83.5s", "1:23.5", "1:02:03".

    Raises ValueError for what is neither.
    """
    text = text.strip().replace(",", ".")
    if re.fullmatch(r"\d{1,9}", text):
        return int(text)
    if not re.fullmatch(r"(\d+:){0,2}\d{1,9}(\.\d*)?s?", text):
        raise ValueError(f"'{text}' is no frame (120) and no time (1:23.5)")
    seconds = 0.0
    for part in text.rstrip("s").split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
