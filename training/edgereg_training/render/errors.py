"""Errors of the renderer."""

from __future__ import annotations


class RenderError(Exception):
    """A problem the caller can fix; the message is one line that says what and how."""


class AssetError(RenderError):
    """The MakeHuman asset folder is absent, incomplete or unreadable."""


class ShardError(RenderError):
    """A shard or manifest is absent, damaged or of another kind."""
