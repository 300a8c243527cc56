"""Results as COCO JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgereg.core.errors import SinkError
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sinks.boxes import Found, attributes_of_frame, boxes_of, classes_of, size_of
from edgereg.sinks.space import ensure_space
from edgereg.sinks.whole import reserve, write_whole

SPACE_CHECK_EVERY = 30


class CocoSink:
    """One COCO object: info, images (all frames), annotations (all boxes), categories (classes
    of boxes; the task where it names none).

    The boxes are those of `boxes_of`; bbox is [x, y, width, height] in frame pixels, from 0.
    Ids count from 1. Beyond COCO: `score`, `track_id` and `attributes` of an annotation; `frame`,
    `time_s` and, for values of the whole frame, `attributes` of an image.
    The file is written at the end; what waits for it stays small enough for the disk.
    """

    def __init__(self, path: Path, info: SourceInfo) -> None:
        """Try the path. Raises SinkError where it can't be written."""
        reserve(path)
        self._path = path
        self._info = info
        self._images: list[str] = []
        self._annotations: list[str] = []
        self._categories: dict[str, int] = {}
        self._bytes = 0
        self._closed = False

    def write(self, result: FrameResult) -> None:
        """Keep the frame and its boxes. Raises SinkError while the disk still takes the rest."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed")
        if len(self._images) % SPACE_CHECK_EVERY == 0:
            ensure_space(self._path, self._bytes)
        for predictions in result.predictions.values():
            for name in classes_of(predictions):
                self._categories.setdefault(name, len(self._categories) + 1)
        image = _image(result, len(self._images) + 1, self._info)
        attributes = attributes_of_frame(result)
        self._keep(self._images, {**image, "attributes": attributes} if attributes else image)
        for found in boxes_of(result):
            self._keep(self._annotations, self._annotation(found))

    def close(self) -> None:
        """Write the file. Raises SinkError where it can't; a file of before is then still there."""
        if not self._closed:
            self._closed = True
            write_whole(self._path, self._parts())

    def _keep(self, texts: list[str], entry: dict[str, Any]) -> None:
        text = json.dumps(entry)
        texts.append(text)
        self._bytes += len(text.encode()) + 2

    def _annotation(self, found: Found) -> dict[str, Any]:
        """Of the image that came last."""
        width, height = size_of(found.box)
        track = {} if found.track is None else {"track_id": found.track}
        return {
            "id": len(self._annotations) + 1,
            "image_id": len(self._images),
            "category_id": self._categories[found.label or found.task],
            "bbox": [*found.box[:2], width, height],
            "area": round(width * height, 3),
            "iscrowd": 0,
            "score": found.score,
            **track,
            "attributes": found.attributes,
        }

    def _parts(self) -> Iterator[str]:
        info = {"description": f"edgereg results of {self._info.name}"}
        categories = [{"id": key, "name": name} for name, key in self._categories.items()]
        yield f'{{"info": {json.dumps(info)},\n"images": '
        yield from _array(self._images)
        yield ',\n"annotations": '
        yield from _array(self._annotations)
        yield f',\n"categories": {json.dumps(categories)}}}\n'


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


def _array(texts: list[str]) -> Iterator[str]:
    yield "["
    for number, text in enumerate(texts):
        yield f",\n{text}" if number else f"\n{text}"
    yield "]"
