"""From an output path to a sink, by its ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgereg.core.errors import EdgeregError, SinkError, one_line
from edgereg.sinks import coco, parquet
from edgereg.sinks.base import RunInfo, Sink, SinkFormat
from edgereg.sinks.coco import CocoSink
from edgereg.sinks.containers import CONTAINERS, recover_video
from edgereg.sinks.mot import MotSink
from edgereg.sinks.parquet import ParquetSink
from edgereg.sinks.pictures import PictureSink
from edgereg.sinks.pts import PtsSink
from edgereg.sinks.tables import CsvSink, JsonlSink
from edgereg.sinks.video import VideoSink

FORMATS: tuple[SinkFormat, ...] = (
    SinkFormat(".jsonl", "records, one a line", JsonlSink, writes="lines", appends=True),
    SinkFormat(".csv", "a flat table", CsvSink, writes="lines", appends=True),
    SinkFormat(
        ".parquet",
        "a table for pandas and the like",
        ParquetSink,
        appends=True,
        recover=parquet.finish,
    ),
    *(
        SinkFormat(
            ending,
            "annotated video",
            lambda path, run: VideoSink(path, run.source),
            pictures=True,
            recover=recover_video,
        )
        for ending in CONTAINERS
    ),
    *(
        SinkFormat(
            ending,
            "numbered pictures",
            lambda path, run: PictureSink(path, run.source),
            pictures=True,
            writes="files",
        )
        for ending in (".png", ".jpg")
    ),
    SinkFormat(".json", "COCO", lambda path, run: CocoSink(path, run.source), recover=coco.finish),
    SinkFormat(".txt", "MOTChallenge lines", MotSink, writes="lines", appends=True),
    SinkFormat(".pts", "300-W points", PtsSink, writes="files"),
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
