"""The errors a user of the exporters can meet; each message is one line."""

from edgereg.core.errors import EdgeregError


class ExportError(EdgeregError):
    """A checkpoint can't be exported, or the exported graphs differ from the torch model."""
