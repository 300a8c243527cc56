"""Video files, GIFs included: every frame, at its own time, and exact seeking."""

from __future__ import annotations

import stat
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

import av
import av.error

from edgereg.core.errors import SourceError
from edgereg.core.frames import Frame, SourceInfo
from edgereg.core.shown import shown
from edgereg.sources.container import Opened, Opening, open_container
from edgereg.sources.cut_off import is_cut_off
from edgereg.sources.decoder import Decoder
from edgereg.sources.deinterlace import Picture
from edgereg.sources.index import Entry, FrameIndex, clock_of, read_index
from edgereg.sources.options import SourceOptions
from edgereg.sources.pixels import Pixels

# Up to here, reading on is quicker than jumping to a key frame.
NEAR = 8
# So many frames are decoded to see whether an index is to be trusted.
TRIED = 32


class VideoFile:
    """Frames of a video file, in order, with exact seeking.

    Frame i is the same picture at the same time, whether it is reached by reading or by a seek;
    only what a decoder puts in the place of damaged parts may differ. The first seek reads the
    whole file without decoding it, which takes about as long as copying it. Damaged frames and a
    file that was cut off are told in `warnings`. A frame size that changes is passed on as it is.
    """

    def __init__(self, path: Path | str, options: SourceOptions | None = None) -> None:
        """Open a file and read its first frame.

        Raises SourceError where it is missing, a folder, empty, no video, or without any frame.
        """
        self._path = Path(path)
        self._name = shown(path)
        self._max_pixels = (options or SourceOptions()).max_pixels
        check_file(self._path)
        self._lock = threading.Lock()
        self._surveying = threading.Lock()
        self._surveyed = False
        self._closed = False
        self._ended = False
        self._cut_off = False
        self._damaged: set[int] = set()
        self._pixels = Pixels()
        self._decoder = Decoder(self.open_again)
        self._index = FrameIndex(clock_of(self._decoder.opened))
        self._position = 0
        self._pictures: Iterator[Picture] = self._decoder.from_start()
        self._ahead: tuple[int, Picture] | None = self._next()
        if self._ahead is None:
            self.close()
            raise SourceError(f"{self._name}: no frame in it can be decoded; the file is damaged")
        self._info = self._first_info(self._ahead[1])
        if options is not None and options.index_ahead:
            threading.Thread(target=self._survey, name="frame index", daemon=True).start()

    @property
    def info(self) -> SourceInfo:
        """What is known: `frame_count` is the container's word, or None, until the file was read.

        It is exact after a seek, after the end was reached, or when `index_ahead` is done.
        """
        if self._ended or self._index.trusted:
            return replace(self._info, frame_count=len(self._index.order))
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Damaged frames and an early end, one line each."""
        lines = []
        if self._damaged:
            first = min(self._damaged)
            frames = "frame is" if len(self._damaged) == 1 else "frames are"
            lines.append(
                f"{self._name}: {len(self._damaged)} {frames} damaged, the first is frame {first}"
            )
        elif self._decoder.faults:
            lines.append(f"{self._name}: damaged; parts of it can't be decoded")
        if self._cut_off:
            lines.append(
                f"{self._name}: truncated; it was cut off after frame {self._index.verified - 1}"
            )
        return tuple(lines)

    def frames(self) -> Iterator[Frame]:
        """Frames from the current position to the end."""
        while True:
            with self._lock:
                found, self._ahead = self._ahead or self._next(), None
                if found is None:
                    return
                index, picture = found
                time_s = self._index.times[index]
            develop = partial(self._pixels.rgb, picture.frame)
            yield Frame.undeveloped(index, time_s, develop, self._info.name)

    def seek(self, index: int) -> None:
        """Make `index` the next frame, exactly. Raises SourceError outside the file."""
        self._survey()
        with self._lock:
            if self._closed:
                raise SourceError(f"{self._name}: is closed; open it again")
            if self._ahead is not None and self._ahead[0] == index:
                return
            count = len(self._index.order)
            if index < 0 or (self._index.trusted and index >= count):
                raise SourceError(f"{self._name}: no frame {index}; it has {count}")
            self._ahead = None
            self._go_to(index)
            self._ahead = self._next()
            if self._ahead is None:
                raise SourceError(f"{self._name}: no frame {index}; it has {self._position}")

    def frame_at(self, time_s: float) -> int:
        """The frame nearest to a time, in seconds from frame 0 on, by the times of the frames.

        It does not wait: frames that nothing is known of yet are taken to come at `info.fps`.
        """
        return self._index.frame_at(time_s, self._info.fps)

    def time_of(self, index: int) -> float:
        """Seconds from frame 0 on to a frame, or to the end for the index after the last one.

        As `frame_at`, it does not wait, and takes `info.fps` where nothing is known yet.
        """
        return self._index.time_of(index, self._info.fps)

    def count(self) -> int | None:
        """How many frames there are, from reading the file without decoding it.

        None where only decoding would tell, and seeking into the file decodes it from its start.
        """
        self._survey()
        return len(self._index.order) if self._index.trusted else None

    def close(self) -> None:
        """Release the file; a running iteration ends."""
        with self._lock:
            self._closed = True
            self._ahead = None
            self._pictures = iter(())
            self._decoder.close()

    def entry_before(self, index: int) -> Entry | None:
        """Where decoding of frame `index` may begin; None while that isn't known.

        As `frame_at`, it does not wait.
        """
        known = self._index
        return next(known.before(index), None) if known.trusted else None

    def open_again(self) -> Opened:
        """The container, opened once more; the caller closes it. Raises SourceError."""
        # "file:" keeps a colon in the name from being read as a protocol.
        opening = Opening(f"file:{self._path}", self._max_pixels, {"protocol_whitelist": "file"})
        try:
            return open_container(opening)
        except SourceError as error:
            raise SourceError(f"{self._name}: {error}") from error

    def _first_info(self, picture: Picture) -> SourceInfo:
        opened = self._decoder.opened
        height, width = self._pixels.rgb(picture.frame).shape[:2]
        count: int | None = opened.stream.frames
        if not count and opened.container.duration:
            count = max(1, round(opened.container.duration / av.time_base * opened.fps))
        return SourceInfo(
            shown(self._path.name),
            width,
            height,
            opened.fps,
            count or None,
            seekable=True,
            live=False,
            files=(self._path,),
            start_s=float((picture.pts or 0) * opened.time_base),
        )

    def _survey(self) -> None:
        """Find out where all frames lie, once."""
        with self._surveying:
            if self._surveyed or self._closed:
                return
            read = survey(self.open_again)
            with self._lock:
                self._index.adopt(read)
                self._surveyed = True

    def _next(self) -> tuple[int, Picture] | None:
        """The next frame's index and picture; None at the end."""
        try:
            picture = next(self._pictures, None)
        except av.error.FFmpegError as error:
            raise SourceError(f"{self._name}: can't be decoded any further: {error}") from error
        if picture is None:
            self._note_end()
            return None
        frame, self._position = self._position, self._position + 1
        if not self._index.meet(frame, picture.number, picture.pts):
            # What the index promised proved wrong, on the way from the middle of the file.
            self._go_to(frame)
            return self._next()
        if picture.damaged:
            self._damaged.add(frame)
        return frame, picture

    def _note_end(self) -> None:
        if not self._closed and self._position == self._index.verified and not self._ended:
            self._ended = True
            if self._index.trusted and len(self._index.order) > self._position:
                self._index.distrust()
            self._cut_off = is_cut_off(self._path, self._decoder.opened.format)

    def _go_to(self, frame: int) -> None:
        """Make `frame` the next picture, or the end where there is none."""
        if not self._position <= frame <= self._position + NEAR:
            known = min(frame, len(self._index.order) - 1)
            if not any(self._begin(entry, known) for entry in self._index.before(known)):
                self._pictures, self._position = self._decoder.from_start(), 0
        while self._position < frame and self._next() is not None:
            pass

    def _begin(self, entry: Entry, frame: int) -> bool:
        """Decode from an entry up to a frame; False where the frame can't be reached so."""
        pictures = self._decoder.from_entry(entry, self._index)
        first = picture = next(pictures, None)
        if first is None or picture is None:
            return False
        at = self._index.frame_of(first.number)
        # An interlaced picture is made with the one before it.
        if at is None or at > frame or (at == frame > 0 and first.interlaced):
            return False
        while at < frame:
            picture, at = next(pictures, None), at + 1
            if picture is None or picture.number != self._index.order[at]:
                return False
        self._pictures, self._position = chain((picture,), pictures), frame
        return True


def survey(open_again: Callable[[], Opened]) -> FrameIndex:
    """The index of a file, tried on its first frames."""
    opened = open_again()
    try:
        index = read_index(opened)
    finally:
        opened.close()
    if index.trusted:
        decoder = Decoder(open_again)
        try:
            numbers = [picture.number for picture in islice(decoder.from_start(), TRIED)]
        finally:
            decoder.close()
        if numbers != index.order[: len(numbers)]:
            index.distrust()
        elif len(numbers) < TRIED:  # of a short file that was cut off, not all can be decoded
            del index.order[len(numbers) :], index.times[len(numbers) :]
    return index


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; a text that can't be a file's name is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def check_file(path: Path) -> None:
    """One clear line for what FFmpeg would only answer with 'invalid data'."""
    name = shown(path)
    if not exists(path):
        raise SourceError(f"{name}: no such file; check the path")
    if path.is_dir():
        raise SourceError(f"{name}: is a folder, not a video file")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{name}: is no file but a device; not a video")
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise SourceError(f"{name}: can't be read: {error.strerror}") from error
    if not start:
        raise SourceError(f"{name}: the file is empty")
    if is_text(start):
        raise SourceError(f"{name}: is a text file, not a video")


def is_text(start: bytes) -> bool:
    """Whether a file that begins so is text.

    FFmpeg would play a plain text as a film of letters, and follow a playlist to any file or host.
    """
    if b"\0" in start or start.startswith(b"YUV4MPEG2"):
        return False
    decoder = getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)  # a character cut at the end is no fault
    except UnicodeDecodeError:
        return False
    return True
