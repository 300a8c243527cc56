"""From an output path to a sink, by its ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgereg.core.errors import EdgeregError, SinkError, one_line
from edgereg.sinks.base import RunInfo, Sink, SinkFormat
from edgereg.sinks.coco import CocoSink
from edgereg.sinks.mot import MotSink
from edgereg.sinks.parquet import ParquetSink
from edgereg.sinks.pictures import PictureSink
from edgereg.sinks.pts import PtsSink
from edgereg.sinks.tables import CsvSink, JsonlSink
from edgereg.sinks.video import VideoSink

FORMATS: tuple[SinkFormat, ...] = (
    SinkFormat(".jsonl", "records, one a line", lambda path, run: JsonlSink(path)),
    SinkFormat(".csv", "a flat table", CsvSink),
    SinkFormat(".parquet", "a table for pandas and the like", lambda path, run: ParquetSink(path)),
    SinkFormat(".mp4", "annotated video", lambda path, run: VideoSink(path, run.source), True),
    SinkFormat(".mkv", "annotated video", lambda path, run: VideoSink(path, run.source), True),
    SinkFormat(".webm", "annotated video", lambda path, run: VideoSink(path, run.source), True),
    SinkFormat(".png", "numbered pictures", lambda path, run: PictureSink(path, run.source), True),
    SinkFormat(".jpg", "numbered pictures", lambda path, run: PictureSink(path, run.source), True),
    SinkFormat(".json", "COCO", lambda path, run: CocoSink(path, run.source)),
    SinkFormat(".txt", "MOTChallenge lines", lambda path, run: MotSink(path)),
    SinkFormat(".pts", "300-W points", PtsSink),
)
BUILT_IN: Mapping[str, SinkFormat] = {each.ending: each for each in FORMATS}


def format_of(path: Path, formats: Mapping[str, SinkFormat] = BUILT_IN) -> SinkFormat:
    """The format that the path's ending names. Raises SinkError for an ending without one."""
    chosen = formats.get(path.suffix.lower())
    if chosen is None:
        known = ", ".join(f"{each.ending} ({each.title})" for each in formats.values())
        raise SinkError(f"{path}: no output for the ending '{path.suffix}'; there are {known}")
    return chosen


def open_sink(path: Path | str, run: RunInfo, formats: Mapping[str, SinkFormat] = BUILT_IN) -> Sink:
    """Open the output that the path's ending names, for the results of a run.

    Raises SinkError for an ending without a sink, or a path that can't be written.
    """
    target = Path(path)
    chosen = format_of(target, formats)
    try:
        return chosen.open(target, run)
    except EdgeregError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise SinkError(f"{target}: '{chosen.title}' can't open it: {one_line(error)}") from error
