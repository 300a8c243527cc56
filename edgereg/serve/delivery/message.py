"""What is sent: the records of a frame, as every table holds them, and where they came from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from edgereg.core.records import Record
from edgereg.core.result import FrameResult


@dataclass(frozen=True)
class Message:
    """The records of one frame, or what a rule has to say of it.

    source: the source's name in the configuration. at: when the result was there, in seconds
    since 1970. records: as `edgereg.core.records.records` gives them. rule, event, track: which
    rule says what of whom; None where the message is a frame's. result: what the message is of, for
    those who want the picture, None where nobody may keep it.
    """

    source: str
    at: float
    records: list[Record]
    rule: str | None = None
    event: str | None = None
    track: int | None = None
    result: FrameResult | None = field(default=None, compare=False, repr=False)

    def body(self) -> str:
        """As a JSON object, to which `stream` and `id` are added when it is sent."""
        return json.dumps(self.fields(), ensure_ascii=False)

    def fields(self) -> dict[str, Any]:
        """What it says, by name."""
        fields: dict[str, Any] = {"source": self.source, "at": round(self.at, 3)}
        if self.rule is not None:
            fields |= {"rule": self.rule, "event": self.event, "track": self.track}
        return {**fields, "records": self.records}


@dataclass(frozen=True)
class Numbered:
    """A message as it is sent. source: its source's name. number: its id, its place in `stream`:
    ids only ever grow in a stream, so whoever keeps the last one knows a message that comes twice.
    body: a JSON object."""

    source: str
    stream: str
    number: int
    body: str

    @property
    def text(self) -> str:
        """The body with the name of its stream, and its place there."""
        return f'{{"stream": "{self.stream}", "id": {self.number}, {self.body[1:]}'
