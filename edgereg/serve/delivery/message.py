"""What is sent: the records of a frame, as every table holds them, and where they came from."""

from __future__ import annotations

import json
from dataclasses import dataclass

from edgereg.core.records import Record


@dataclass(frozen=True)
class Message:
    """The records of one frame.

    source: the source's name in the configuration. at: when the result was there, in seconds
    since 1970. records: as `edgereg.core.records.records` gives them.
    """

    source: str
    at: float
    records: list[Record]

    def body(self) -> str:
        """As a JSON object, to which `stream` and `id` are added when it is sent."""
        fields = {"source": self.source, "at": round(self.at, 3), "records": self.records}
        return json.dumps(fields, ensure_ascii=False)


def numbered(body: str, stream: str, number: int) -> str:
    """A body with the name of its stream, and its place there: ids only ever grow in a stream, so
    whoever keeps the last one knows a message that comes twice."""
    return f'{{"stream": "{stream}", "id": {number}, {body[1:]}'
