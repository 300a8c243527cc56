"""Many clips as one source: their frames one after the other, on one line of time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgereg.core.errors import SourceError
from edgereg.core.files import is_made_here
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.shown import shown
from edgereg.sources.file import VideoFile
from edgereg.sources.images import SUFFIXES as IMAGES
from edgereg.sources.images import matching
from edgereg.sources.options import SourceOptions

VIDEOS = frozenset(
    {
        ".mp4",
        ".m4v",
        ".mov",
        ".3gp",
        ".mkv",
        ".webm",
        ".avi",
        ".wmv",
        ".asf",
        ".flv",
        ".ogv",
        ".mxf",
    }
    | {".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts", ".dv", ".h264", ".h265", ".mjpeg", ".gif"}
)


def clips_of(text: str) -> list[Path]:
    """The video files that a folder or glob names, in order of name; none for any other source.

    A folder or glob with images in it is a source of images, as `open_source` has it.
    """
    path = Path(text)
    try:
        if path.is_dir():
            found = sorted(path.iterdir())
        elif any(mark in text for mark in "*?[") and not path.exists():
            found = sorted(matching(text))
        else:
            return []
    except (OSError, ValueError):
        return []
    files = [file for file in found if file.is_file()]
    if any(file.suffix.lower() in IMAGES for file in files):
        return []
    return [file for file in files if file.suffix.lower() in VIDEOS]


@dataclass
class Placed:
    """Where a clip's frames went: its first frame's index and time, and how many there are."""

    clip: Path
    first_frame: int
    first_time_s: float
    frames: int = 0


@dataclass
class Timeline:
    """Gives every frame its place among all clips; fed in order, frame by frame."""

    placed: list[Placed] = field(default_factory=list)
    _index: int = 0
    _time_s: float = 0.0

    def begin(self, clip: Path) -> None:
        """From here on frames are of this clip."""
        self.placed.append(Placed(clip, self._index, self._time_s))

    def place(self, index: int, time_s: float, fps: float) -> tuple[int, float]:
        """(index, time) among all clips of a frame of the current clip."""
        here = self.placed[-1]
        here.frames += 1
        index, time_s = here.first_frame + index, here.first_time_s + time_s
        self._index, self._time_s = index + 1, time_s + 1 / fps
        return index, time_s


def open_clips(text: str, options: SourceOptions) -> Clips:
    """The clips of a folder or glob as one source. Raises SourceError where none can be opened."""
    return Clips(clips_of(text), text, options)


class Clips:
    """Video files as one source. A clip that can't be opened is skipped and told in `warnings`."""

    def __init__(
        self, paths: Sequence[Path], name: str, options: SourceOptions | None = None
    ) -> None:
        """Raises SourceError where none of the clips can be opened."""
        self.timeline = Timeline()
        own = [path for path in paths if is_made_here(path)] if len(paths) > 1 else []
        self._paths = [path for path in paths if path not in own] or list(paths)
        self._options = options or SourceOptions()
        name = shown(name)
        self._warnings: list[str] = []
        self._current: VideoFile | None = None
        self._closed = False
        self._done: frozenset[Path] = frozenset()
        first = next((clip for clip in map(self._opened, self._paths) if clip is not None), None)
        if first is None:
            raise SourceError(f"{name}: none of its {len(self._paths)} clips can be opened")
        first.close()
        self._warnings.clear()
        if len(self._paths) < len(paths):
            names = ", ".join(shown(path.name) for path in own)
            self._warnings.append(f"{name}: skipped what edgereg wrote itself: {names}")
        self._info = replace(
            first.info, name=name, frame_count=None, seekable=False, files=tuple(self._paths)
        )

    @property
    def info(self) -> SourceInfo:
        """Of the first clip; how many frames there are in all is not known."""
        return self._info

    @property
    def waiting(self) -> list[Path]:
        """The clips that are not done."""
        return [path for path in self._paths if path not in self._done]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with clips, one line each."""
        return tuple(self._warnings)

    def frames(self) -> Iterator[Frame]:
        """Frames of all clips in order."""
        for number, path in enumerate(self._paths):
            clip = None if self._closed or path in self._done else self._opened(path)
            if clip is None:
                continue
            self._current = clip
            self.timeline.begin(path)
            for frame in clip.frames():
                index, time_s = self.timeline.place(frame.index, frame.time_s, clip.info.fps)
                yield replace(frame, index=index, time_s=time_s, clip=number)
            self._warnings.extend(clip.warnings)
            clip.close()

    def go_on(self, done: Collection[str], index: int, time_s: float) -> None:
        """Leave out the clips that are done; the next frame is frame `index`, at `time_s`."""
        self._done = frozenset(path for path in self._paths if str(path) in done)
        self.timeline = Timeline(_index=index, _time_s=time_s)

    def seek(self, index: int) -> None:
        """Raises SourceError: many clips are read once, from the start."""
        raise SourceError("many clips can't be searched; run one of them")

    def close(self) -> None:
        """Close the clip that is being read."""
        self._closed = True
        if self._current is not None:
            self._current.close()

    def _opened(self, path: Path) -> VideoFile | None:
        try:
            return VideoFile(path, self._options)
        except SourceError as error:
            self._warnings.append(str(error))
            return None
