"""The errors a user of edgereg can meet.

Each message is one line: what was wrong, with what, what to do.
"""


class EdgeregError(Exception):
    """Base of every error that is shown to the user as one line, without a traceback."""


class ModelFolderError(EdgeregError):
    """A model folder is missing, incomplete, altered, too new, or does not do what it declares."""


class EngineError(EdgeregError):
    """No provider could run a graph, or a graph failed or returned unusable numbers."""


class SourceError(EdgeregError):
    """A source can't be opened, or ended before it delivered a usable frame."""


class SinkError(EdgeregError):
    """An output can't be opened or written."""


class PluginError(EdgeregError):
    """A plugin can't be imported, hooks in wrongly, or a named task or hook does not exist."""


def one_line(error: BaseException, longest: int = 300) -> str:
    """An error as one line; its class is named where it is not one of edgereg's own."""
    text = " ".join(str(error).split())[:longest]
    if isinstance(error, EdgeregError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
