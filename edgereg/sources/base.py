"""What every source is: an iterator of frames that can be closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edgereg.core.frames import Frame, SourceInfo
from edgereg.sources.options import SourceOptions


@runtime_checkable
class Source(Protocol):
    """Frames in order. One thread iterates; `seek` and `close` may be called from another."""

    @property
    def info(self) -> SourceInfo:
        """What is known before the first frame."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Faults that were survived so far, one line each: lost frames, reconnections."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end. Raises SourceError where it fails."""
        ...

    def seek(self, index: int) -> None:
        """Make `index` the next frame, exactly. Raises SourceError if not seekable or outside."""
        ...

    def close(self) -> None:
        """Release the file or device; a running iteration ends. May be called twice."""
        ...


@dataclass(frozen=True)
class SourceFormat:
    """A kind of source, built in or from a plugin.

    name: short, in lower case. title: one line for people. takes: whether a text that a user typed
    names such a source. open: makes the source from that text; raises SourceError. endings: of
    files, for dialogs.
    """

    name: str
    title: str
    takes: Callable[[str], bool]
    open: Callable[[str, SourceOptions], Source]
    endings: tuple[str, ...] = ()


def scheme(name: str, title: str, opener: Callable[[str], Source]) -> SourceFormat:
    """A source that users name as `name:...`; the opener takes the whole text."""
    return SourceFormat(
        name, title, lambda text: text.startswith(f"{name}:"), lambda text, options: opener(text)
    )
