"""The ranges of shapes that an engine is compiled for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from edgereg.core.errors import EngineError

# Smallest, usual and largest shape.
Triple = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Batch:
    """How many images or regions in one run: at least, usually, at most (more run in parts)."""

    least: int = 1
    usual: int = 1
    most: int = 16

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.usual <= self.most:
            raise ValueError(
                f"batch {self.least}:{self.usual}:{self.most} is no range: "
                "name it as least:usual:most, rising from 1"
            )


def parse_batch(text: str) -> Batch:
    """A batch written LEAST:USUAL:MOST. Raises EngineError where that is no range."""
    try:
        return Batch(*(int(part) for part in text.split(":")))
    except (ValueError, TypeError) as error:
        raise EngineError(f"--batch {text}: write LEAST:USUAL:MOST, such as 1:4:16") from error


@dataclass(frozen=True)
class Profile:
    """(smallest, usual, largest) shape of each input, and the value of those that set a shape."""

    shapes: Mapping[str, Triple]
    values: Mapping[str, Triple] = field(default_factory=dict)
    most: int = 16

    def as_dict(self) -> dict[str, Any]:
        """For the key of the engine cache."""
        return asdict(self)
