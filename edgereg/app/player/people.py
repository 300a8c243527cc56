"""Who is who through a whole clip, however its user jumps about in it.

A tracker begins anew after every jump: its numbers hold for one stretch of frames that follow each
other. A person is what lasts: a detector's find that keeps one number through all stretches. The
tracks of a new stretch are given to known persons by where those were seen in nearly the same
frames, and by their colours; two persons that prove to be in one place in the same frames were
always one.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from edgereg.core.arrays import FloatArray, Image
from edgereg.core.frames import Frame
from edgereg.core.geometry import box_iou
from edgereg.core.predictions import Predictions
from edgereg.tracks.appearance import colours_of

Place = tuple[int, int, int]

# Frames this near to one that was seen before tell where a person must be; this near, surely.
NEAR, SURELY = 12, 3
# Least overlap with a box nearly at the same time, and least likeness of colours then.
OVERLAP, ALIKE_NEAR = 0.3, 0.5
# Further away in time colours decide: those of one head, seen from one side, are alike by 0.92 and
# more, those of two heads by less than 0.87, mostly by far. In the place and size in which it was
# last seen before or after, a head may have turned meanwhile.
ALIKE, ALIKE_IN_PLACE, MARGIN = 0.88, 0.78, 0.04
GROWTH = 1.4
# A tracker may take up a track again that it lost less than this ago.
PATIENCE_S = 3.0
# In so many frames two persons are in one place before they are one.
VOTES, SAME = 3, 0.5
# Every so-manieth look at a person its colours are learnt, where they differ from those known.
LEARN_EVERY, NEWS, VIEWS = 8, 0.95, 8
THUMBNAIL = 48
_NEVER = (-1, 0, 0), 0.0
_NOBODY = np.zeros(0, np.int64), np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Person:
    """detector: the task that finds the person; number: from 1, the detector's own; thumbnail:
    uint8 [THUMBNAIL, THUMBNAIL, 3] RGB."""

    detector: str
    number: int
    thumbnail: Image = field(compare=False)


@dataclass
class _Known:
    """What is known of one person. views: its colours from some sides, float32 [V, SIZE]; frames:
    where it was seen, ascending."""

    views: FloatArray
    thumbnail: Image
    size: float = 0.0
    looks: int = 0
    last: tuple[Place, float] = _NEVER
    frames: list[int] = field(default_factory=list)


@dataclass
class _Detector:
    """One detector's persons. boxes: who was seen where, by frame: numbers [N], boxes [N, 4]."""

    known: dict[int, _Known] = field(default_factory=dict)
    numbers: dict[tuple[Place, int], int] = field(default_factory=dict)
    boxes: dict[int, tuple[npt.NDArray[np.int64], FloatArray]] = field(default_factory=dict)
    votes: Counter[tuple[int, int]] = field(default_factory=Counter)
    removed: set[int] = field(default_factory=set)
    next: int = 1


class People:
    """The persons of one source. `recognise` is called in a pipeline's thread, the rest in any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._detectors: dict[str, _Detector] = {}
        self._merged: dict[tuple[str, int], int] = {}
        self._news: list[tuple[str, int, int]] = []
        self._returns = True

    def forget(self) -> None:
        """Another source."""
        with self._lock:
            self._detectors.clear()
            self._merged.clear()
            self._news.clear()

    def begin_run(self, *, returns: bool) -> None:
        """Another run of the same source: its trackers' numbers mean others.

        returns: whether frames may be seen again, so that it is worth to remember who was where.
        """
        with self._lock:
            self._returns = returns
            for detector in self._detectors.values():
                detector.numbers.clear()
                for one in detector.known.values():
                    one.last = _NEVER

    def resolve(self, detector: str, number: int) -> int:
        """The number that a person goes by now."""
        while (other := self._merged.get((detector, number))) is not None:
            number = other
        return number

    def take_merges(self) -> list[tuple[str, int, int]]:
        """Detector, number given up and number kept, of all merges since the last call."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def everybody(self) -> list[Person]:
        """All persons, in the order in which they were first met."""
        with self._lock:
            return [
                Person(name, number, one.thumbnail)
                for name, detector in self._detectors.items()
                for number, one in detector.known.items()
            ]

    def note(self, task: str, image: Image, found: Predictions) -> None:
        """Take up what a task follows under numbers of its own, which outlast jumps already."""
        if found.tracks is None or found.boxes is None:
            return
        with self._lock:
            detector = self._detectors.setdefault(task, _Detector())
            known, gone = detector.known, detector.removed
            for row, number in enumerate(found.tracks.tolist()):
                lost = found.states is not None and found.states[row] == "lost"
                if number > 0 and number not in known and number not in gone and not lost:
                    box = found.boxes[row]
                    known[number] = _Known(colours_of(image, box[None]), _cut_out(image, box))

    def remove(self, task: str, number: int) -> None:
        """Forget one that `note` took up, for good."""
        with self._lock:
            detector = self._detectors.setdefault(task, _Detector())
            detector.known.pop(number, None)
            detector.removed.add(number)

    def removed(self, task: str, number: int) -> bool:
        """Whether one was forgotten for good."""
        with self._lock:
            return number in self._detectors.setdefault(task, _Detector()).removed

    def recognise(self, task: str, frame: Frame, place: Place, found: Predictions) -> Predictions:
        """The predictions of a detector with the numbers of persons in the place of tracks."""
        tracks, boxes = found.tracks, found.boxes
        if tracks is None or boxes is None:
            return found
        with self._lock:
            detector = self._detectors.setdefault(task, _Detector())
            self._meet(detector, frame, place, tracks, boxes)
            numbers = np.array(
                [
                    self.resolve(task, detector.numbers[place, track]) if track >= 0 else -1
                    for track in tracks.tolist()
                ],
                np.int64,
            )
            self._vote(task, detector, frame.index, numbers, boxes)
            numbers = np.array([self.resolve(task, n) for n in numbers.tolist()], np.int64)
            self._learn(detector, frame, place, numbers, boxes)
        return replace(found, tracks=numbers)

    def _meet(
        self,
        detector: _Detector,
        frame: Frame,
        place: Place,
        tracks: npt.NDArray[np.int64],
        boxes: FloatArray,
    ) -> None:
        """Give every track that is new its person, a known one where one fits."""
        rows = [
            row
            for row, track in enumerate(tracks.tolist())
            if track >= 0 and (place, track) not in detector.numbers
        ]
        if not rows:
            return
        present = {detector.numbers.get((place, track)) for track in tracks.tolist()}
        missing = [
            number
            for number, one in detector.known.items()
            if number not in present
            and (one.last[0] != place or frame.time_s - one.last[1] > PATIENCE_S)
        ]
        colours = colours_of(frame.image, boxes[rows])
        worth = np.zeros((len(rows), len(missing)), np.float32)
        for column, person in enumerate(missing):
            worth[:, column] = self._worth(detector, person, frame.index, boxes[rows], colours)
        _doubt(worth)
        chosen, columns = linear_sum_assignment(worth, maximize=True)
        given = dict(zip(chosen.tolist(), columns.tolist(), strict=True))
        for position, row in enumerate(rows):
            fits = given.get(position)
            if fits is not None and worth[position, fits] > 0:
                detector.numbers[place, int(tracks[row])] = missing[fits]
            else:
                new, detector.next = detector.next, detector.next + 1
                picture = _cut_out(frame.image, boxes[row])
                detector.known[new] = _Known(colours[[position]], picture)
                detector.numbers[place, int(tracks[row])] = new

    def _worth(
        self, detector: _Detector, number: int, index: int, boxes: FloatArray, colours: FloatArray
    ) -> FloatArray:
        """How well a person fits each of N boxes, float32 [N]: 0 where it can't be, 2 and more
        where it was seen there at nearly this time, at most 1 for colours alone."""
        alike = (colours @ detector.known[number].views.T).max(axis=1)
        then = self._nearest(detector, number, index)
        if then is None:
            return np.where(alike >= ALIKE, alike, 0).astype(np.float32)
        away, box = then
        if away > NEAR:
            enough = np.where(_in_place(box, boxes), ALIKE_IN_PLACE, ALIKE)
            return np.where(alike >= enough, alike, 0).astype(np.float32)
        overlap = box_iou(box[None], boxes)[0]
        here = (overlap >= OVERLAP) & (alike >= ALIKE_NEAR)
        elsewhere = 0 if away <= SURELY else np.where(alike >= ALIKE, alike, 0)
        return np.where(here, 2 + overlap + 0.3 * alike, elsewhere).astype(np.float32)

    def _nearest(
        self, detector: _Detector, number: int, index: int
    ) -> tuple[int, FloatArray] | None:
        """In the frame nearest to `index` in which a person was seen: how far away that is, in
        frames, and its box [4]."""
        frames = detector.known[number].frames
        at = bisect_left(frames, index)
        for frame in sorted(frames[max(at - 3, 0) : at + 3], key=lambda each: abs(each - index)):
            numbers, boxes = detector.boxes.get(frame, _NOBODY)
            row = np.flatnonzero(numbers == number)
            if len(row):  # else it was seen again, and somebody else found there
                return abs(frame - index), boxes[row[0]]
        return None

    def _vote(
        self,
        task: str,
        detector: _Detector,
        index: int,
        numbers: npt.NDArray[np.int64],
        boxes: FloatArray,
    ) -> None:
        """Where another person was seen in the same place of the same frame: after some such
        frames they are one, by the older number."""
        before, there = detector.boxes.get(index, _NOBODY)
        if not len(before) or not len(numbers):
            return
        overlap = box_iou(boxes, there)
        for row, column in zip(*np.nonzero(overlap >= SAME), strict=True):
            pair = sorted((int(numbers[row]), self.resolve(task, int(before[column]))))
            # Two that are both seen here are two.
            both = {*pair} <= {*numbers.tolist()} or not {*pair} <= detector.known.keys()
            if pair[0] == pair[1] or both:
                continue
            detector.votes[pair[0], pair[1]] += 1
            seldom = min(len(detector.known[number].frames) for number in pair)
            if detector.votes[pair[0], pair[1]] >= min(VOTES, seldom):
                self._merge(task, detector, *pair)

    def _merge(self, task: str, detector: _Detector, kept: int, given_up: int) -> None:
        self._merged[task, given_up] = kept
        self._news.append((task, given_up, kept))
        other = detector.known.pop(given_up, None)
        one = detector.known.get(kept)
        if one is None or other is None:
            return
        one.last = max(one.last, other.last)
        one.frames = sorted({*one.frames, *other.frames})
        one.views = np.concatenate([one.views, other.views])[:VIEWS]
        for index, (numbers, boxes) in detector.boxes.items():
            if (numbers == given_up).any():
                detector.boxes[index] = np.where(numbers == given_up, kept, numbers), boxes

    def _learn(
        self,
        detector: _Detector,
        frame: Frame,
        place: Place,
        numbers: npt.NDArray[np.int64],
        boxes: FloatArray,
    ) -> None:
        """Note where everybody is, and now and then what they look like."""
        if self._returns:
            detector.boxes[frame.index] = numbers, np.array(boxes)
        for number, box in zip(numbers.tolist(), boxes, strict=True):
            one = detector.known.get(number)
            if one is None:
                continue
            one.last = place, frame.time_s
            size = float((box[2] - box[0]) * (box[3] - box[1]))
            if size > 1.3 * one.size:
                one.thumbnail, one.size = _cut_out(frame.image, box), size
            if one.looks % LEARN_EVERY == 0 and len(one.views) < VIEWS:
                view = colours_of(frame.image, box[None])
                if (one.views @ view[0]).max() < NEWS:
                    one.views = np.concatenate([one.views, view])
            one.looks += 1
            at = bisect_left(one.frames, frame.index)
            if self._returns and one.frames[at : at + 1] != [frame.index]:
                one.frames.insert(at, frame.index)


def _in_place(box: FloatArray, boxes: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether boxes [N, 4] are about where one [4] is, and about as large: bool [N]."""
    height = max(float(box[3] - box[1]), 1.0)
    moved = np.linalg.norm((boxes[:, :2] + boxes[:, 2:] - box[:2] - box[2:]) / 2, axis=1)
    growth = (boxes[:, 3] - boxes[:, 1]) / height
    near = (moved < height) & (growth < GROWTH) & (growth > 1 / GROWTH)
    return np.asarray(near, bool)


def _doubt(worth: FloatArray) -> None:
    """Take back what colours alone say where two persons fit one box about equally well."""
    if worth.shape[1] < 2:
        return
    best = np.sort(worth, axis=1)
    unsure = (best[:, -1] < 2) & (best[:, -1] - best[:, -2] < MARGIN)
    worth[unsure] = 0


def _cut_out(image: Image, box: FloatArray) -> Image:
    """A small square picture of what is in a box and a little round it."""
    height, width = image.shape[:2]
    centre, side = (box[:2] + box[2:]) / 2, 1.15 * float((box[2:] - box[:2]).max())
    x1, y1 = np.clip(np.floor(centre - side / 2), 0, (width - 1, height - 1)).astype(int)
    x2, y2 = np.clip(np.ceil(centre + side / 2), (x1 + 1, y1 + 1), (width, height)).astype(int)
    part = image[y1:y2, x1:x2]
    shrink = THUMBNAIL / max(part.shape[:2])
    size = (max(round(part.shape[1] * shrink), 1), max(round(part.shape[0] * shrink), 1))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    square = np.zeros((THUMBNAIL, THUMBNAIL, 3), np.uint8)
    top, left = (THUMBNAIL - size[1]) // 2, (THUMBNAIL - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square
