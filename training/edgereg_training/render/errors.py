"""Errors of the renderer."""

from __future__ import annotations

from edgereg.core.errors import EdgeregError


class RenderError(EdgeregError):
    """Rendering can't begin or go on, or its data can't be read."""


class AssetError(RenderError):
    """The MakeHuman asset folder is absent, incomplete or unreadable."""


class ShardError(RenderError):
    """A shard or manifest is absent, damaged or of another kind."""
