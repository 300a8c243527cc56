"""From an output path to a sink, by its ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from edgereg.core.errors import SinkError
from edgereg.sinks.base import Sink
from edgereg.sinks.coco import CocoSink
from edgereg.sinks.mot import MotSink
from edgereg.sinks.parquet import ParquetSink
from edgereg.sinks.pictures import PictureSink
from edgereg.sinks.pts import PtsSink
from edgereg.sinks.tables import CsvSink, JsonlSink
from edgereg.sinks.video import VideoSink
from edgereg.sources.base import SourceInfo

SINKS: Mapping[str, Callable[[Path, SourceInfo], Sink]] = {
    ".jsonl": lambda path, _: JsonlSink(path),
    ".csv": lambda path, _: CsvSink(path),
    ".parquet": lambda path, _: ParquetSink(path),
    ".mp4": VideoSink,
    ".mkv": VideoSink,
    ".webm": VideoSink,
    ".png": PictureSink,
    ".jpg": PictureSink,
    ".json": CocoSink,
    ".txt": lambda path, _: MotSink(path),
    ".pts": PtsSink,
}
# Endings of sinks that want a painted picture.
PAINTED = frozenset({".mp4", ".mkv", ".webm", ".png", ".jpg"})


def open_sink(path: Path | str, info: SourceInfo) -> Sink:
    """Open the output that the path's ending names, for results of a source with this `info`.

    Raises SinkError for an ending without a sink, or a path that can't be written.
    """
    target = Path(path)
    make = SINKS.get(target.suffix.lower())
    if make is None:
        raise SinkError(
            f"{target}: no output for the ending '{target.suffix}'; there are {', '.join(SINKS)}"
        )
    return make(target, info)
