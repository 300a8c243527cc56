"""Seconds as people read them on a player."""

from __future__ import annotations


def timecode(seconds: float) -> str:
    """1:02.3, or 1:02:03 from one hour on; negative counts as 0."""
    tenths = int(max(seconds, 0.0) * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{rest // 10:02}"
    return f"{minutes}:{rest // 10:02}.{rest % 10}"
