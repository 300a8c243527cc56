"""Results as COCO JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgereg.core.errors import SinkError
from edgereg.core.files import reason, replace_file
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.boxes import Found, attributes_of_frame, boxes_of, classes_of, size_of
from edgereg.sinks.files import LineFile
from edgereg.sinks.recovery import journal_of
from edgereg.sinks.space import ensure_space

SPACE_CHECK_EVERY = 30


class CocoSink:
    """One COCO object: info, images (all frames), annotations (all boxes), categories (classes
    of boxes; the task where it names none).

    The boxes are those of `boxes_of`; bbox is [x, y, width, height] in frame pixels, from 0.
    Ids count from 1. Boxes with points have `keypoints`. Beyond COCO: `score`, `track_id` and
    `attributes` of an annotation; `frame`, `time_s` and, for values of the whole frame,
    `attributes` of an image.
    The file is written at the end. Until then each frame is a line of a journal beside it, from
    which `finish` makes the file.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Open the journal. Raises SinkError where it can't be written."""
        if path.is_dir():
            raise SinkError(f"{path}: is a folder; name a file")
        self._path = path
        self._info = info
        self._images = 0
        self._annotations = 0
        self._categories: dict[str, dict[str, Any]] = {}
        # Those that the journal knows: a line repeats them only where there are new ones.
        self._told: dict[str, dict[str, Any]] = {}
        self._closed = False
        self._journal = LineFile(journal_of(path))
        self._journal.write(_line({"description": f"edgereg results of {info.name}"}))

    def write(self, result: FrameResult) -> None:
        """Add the frame and its boxes. Raises SinkError while the disk still takes the rest."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        if self._images % SPACE_CHECK_EVERY == 0:
            ensure_space(self._path, self._journal.size)
        for predictions in result.predictions.values():
            for name in classes_of(predictions):
                self._category(name)
        image = _image(result, self._images + 1, self._info)
        attributes = attributes_of_frame(result)
        if attributes:
            image["attributes"] = attributes
        self._images += 1
        found = [self._annotation(each) for each in boxes_of(result)]
        news = list(self._categories.values()) if self._categories != self._told else None
        self._told = dict(self._categories)
        self._journal.write(_line([image, found, news]))

    def close(self) -> None:
        """Make the file of the journal. Raises SinkError where it can't; the journal then stays."""
        if self._closed:
            return
        self._closed = True
        self._journal.close()
        try:
            finish(self._path)
        except OSError as error:
            raise SinkError(
                f"{self._path}: can't be finished: {reason(error)}; the frames are in "
                f"{journal_of(self._path)}"
            ) from error

    def _annotation(self, found: Found) -> dict[str, Any]:
        """Of the image that came last."""
        width, height = size_of(found.box)
        track = {} if found.track is None else {"track_id": found.track}
        category = self._category(found.label or found.task)
        points = {}
        if found.points is not None:
            points = {"num_keypoints": found.keypoints[2::3].count(2), "keypoints": found.keypoints}
            if "keypoints" not in category:
                # COCO's indices of points count from 1.
                skeleton = [[first + 1, second + 1] for first, second in found.points.skeleton]
                named = {"keypoints": found.points.names, "skeleton": skeleton}
                self._categories[category["name"]] = {**category, **named}
        self._annotations += 1
        return {
            "id": self._annotations,
            "image_id": self._images,
            "category_id": category["id"],
            "bbox": [*found.box[:2], width, height],
            "area": round(width * height, 3),
            "iscrowd": 0,
            "score": found.score,
            **track,
            **points,
            "attributes": found.attributes,
        }

    def _category(self, name: str) -> dict[str, Any]:
        new = {"id": len(self._categories) + 1, "name": name}
        return self._categories.setdefault(name, new)


def finish(path: Path) -> None:
    """Make the COCO file at `path` of its journal, which then goes. Raises OSError."""
    journal = journal_of(path)
    if journal.exists():
        replace_file(path, (part.encode() for part in _parts(journal)))
        journal.unlink()


def _parts(journal: Path) -> Iterator[str]:
    """The file, piece by piece: the journal is read once for each of its lists."""
    info: Any = next(_entries(journal), {})
    categories: list[dict[str, Any]] = []
    yield f'{{"info": {json.dumps(info)},\n"images": '
    yield from _array(entry[0] for entry in _frames(journal))
    yield ',\n"annotations": '
    yield from _array(found for entry in _frames(journal) for found in entry[1])
    for entry in _frames(journal):
        categories = entry[2] or categories
    yield f',\n"categories": {json.dumps(categories)}}}\n'


def _entries(journal: Path) -> Iterator[Any]:
    with journal.open(encoding="utf-8") as file:
        for line in file:
            # A kill may have torn the last one.
            if line.endswith("\n"):
                yield json.loads(line)


def _frames(journal: Path) -> Iterator[Any]:
    return (entry for entry in _entries(journal) if isinstance(entry, list))


def _line(entry: Any) -> str:
    return json.dumps(entry) + "\n"


def _image(result: FrameResult, number: int, info: SourceInfo) -> dict[str, Any]:
    height, width = result.image.shape[:2]
    source = result.source or info.name
    # A frame of a video is no file; it gets the name that it would have as one.
    name = source if info.stills else f"{Path(source).stem}-{result.index:06d}.jpg"
    return {
        "id": number,
        "file_name": name,
        "width": width,
        "height": height,
        "frame": result.index,
        "time_s": round(result.time_s, 6),
    }


def _array(entries: Iterator[Any]) -> Iterator[str]:
    yield "["
    for number, entry in enumerate(entries):
        text = json.dumps(entry)
        yield f",\n{text}" if number else f"\n{text}"
    yield "]"
