"""Follow objects: the loop of ATOM (CVPR 2019) with the box energy of the EBM paper (ECCV 2020).

    followed = begin(networks, image, box)            # the frame in which the user points at it
    for image in frames:
        sightings = advance(networks, image, [followed])

`advance` takes all objects through the network at once. One that is lost is looked for round its
last place and, a few windows a frame, all over the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgereg.api import FloatArray, Image, square_crops
from edgereg_tracking.classifier import (
    HARD_RATE,
    LEARNING_RATE,
    OnlineClassifier,
    first_views,
    label_map,
    learn_first,
)
from edgereg_tracking.localisation import Place, locate, peak
from edgereg_tracking.networks import Networks

ObjectState = Literal["found", "uncertain", "lost"]
CANDIDATES, BEST = 10, 3
# Candidates beside the first: moved and resized by up to these shares of sqrt(w h), halved.
JITTER = np.array([0.1, 0.1, 0.5, 0.5])
SLIMMEST = 6.0
LEARN_EVERY = 10
# The size may change by this factor in one frame, and keeps to these ends.
SIZE_CHANGE = 1.25
# How much of the change, in the logarithm, is taken over: one doubtful frame does not decide.
SIZE_SHARE = 0.6
SMALLEST = 6.0
# A lost object is taken for found again elsewhere at this score; windows that are tried a frame.
FOUND_AGAIN = 0.5
WINDOWS = 2


@dataclass
class Followed:
    """What is remembered of one object.

    centre, size: float32 [2] each, frame pixels; code: what the energy is conditioned on;
    area: sqrt(w h) of the search region's scale; age: frames since the first; window: the next of
    the windows of the search for it.
    """

    centre: FloatArray
    size: FloatArray
    code: FloatArray
    classifier: OnlineClassifier
    state: ObjectState = "found"
    age: int = 0
    window: int = 0
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def box(self) -> FloatArray:
        """float32 [4] (x1, y1, x2, y2) in frame pixels."""
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2])


@dataclass(frozen=True)
class Sighting:
    """One object in one frame.

    box: float32 [4] in frame pixels; score: in [0, 1]. Where it was found: trajectory [T + 1, 4]
    in frame pixels and energy [T + 1] of the best candidate, the conditioned features [C, h, w] and
    (origin [2], zoom) of the crop, crop = (frame - origin) * zoom.
    """

    box: FloatArray
    score: float
    state: ObjectState
    trajectory: FloatArray | None = None
    energy: FloatArray | None = None
    features: FloatArray | None = None
    origin: FloatArray | None = None
    zoom: float = 1.0


@dataclass(frozen=True)
class _Crop:
    """A search region: of which object, where, and whether it is about its last place."""

    of: int
    origin: FloatArray
    zoom: float
    home: bool


def begin(networks: Networks, image: Image, box: npt.ArrayLike) -> Followed:
    """Learn an object from a box [4] in the frame. Raises ValueError for a box without area."""
    corners: FloatArray = np.asarray(box, np.float32)
    size = corners[2:] - corners[:2]
    if not np.isfinite(corners).all() or size.min() < 1:
        raise ValueError(f"a box to follow must have sides of at least a pixel, not {corners}")
    centre = ((corners[:2] + corners[2:]) / 2).astype(np.float32)
    crops, origins, zooms = _crops(networks, image, centre[None], _area(size)[None])
    zoom = zooms[0, 0]
    views = first_views(crops[0])
    fused, far = networks.maps(np.stack([view.image for view in views]))
    local = ((corners - np.tile(origins[0], 2)) * zoom)[None].astype(np.float32)
    code = networks.code(fused[:1], local)
    spread = float(_area(size) * zoom)
    classifier = learn_first(far, [view.centre for view in views], spread)
    return Followed(centre, size, code[0], classifier)


def advance(
    networks: Networks, image: Image, objects: Sequence[Followed], steps: int | None = None
) -> list[Sighting]:
    """Find the objects in the next frame, and learn from it. steps: of the ascent, None: the
    model's own."""
    if not objects:
        return []
    images, crops = _search_regions(networks, image, objects)
    fused, far = networks.maps(images)
    chosen, places = list[int](), list[Place]()
    for number, thing in enumerate(objects):
        rows = [row for row, crop in enumerate(crops) if crop.of == number]
        row, place = _best_place(thing, far, crops, rows)
        chosen.append(row)
        places.append(place)
    seen = [n for n, place in enumerate(places) if place.certainty != "lost"]
    sightings = [_missed(thing, place) for thing, place in zip(objects, places, strict=True)]
    if seen:
        rows = [chosen[n] for n in seen]
        codes = np.stack([objects[n].code for n in seen])
        features = networks.condition(fused[rows], codes)
        starts = np.stack([_candidates(objects[n], places[n], crops[chosen[n]]) for n in seen])
        count = networks.refinement.steps if steps is None else steps
        paths, energies = networks.refine(features, starts, count)
        for index, n in enumerate(seen):
            best = _moved(objects[n], paths[index], energies[index], crops[rows[index]], image)
            sightings[n] = _sighting(
                objects[n], places[n], paths[index][best], energies[index][best],
                features[index], crops[rows[index]],
            )  # fmt: skip
    for n, thing in enumerate(objects):
        _learn(networks, thing, far[chosen[n]], places[n], crops[chosen[n]])
    return sightings


def _area(size: FloatArray) -> npt.NDArray[np.float32]:
    return np.asarray(np.sqrt(np.prod(size, axis=-1)), np.float32)


def _crops(
    networks: Networks, image: Image, centres: FloatArray, areas: npt.NDArray[np.floating]
) -> tuple[Image, FloatArray, FloatArray]:
    """Search regions about centres [N, 2] for objects of sqrt(w h) areas [N]."""
    half = (networks.search * np.asarray(areas) / 2)[:, None]
    return square_crops(image, np.hstack([centres - half, centres + half]), networks.size, 1.0)


def _search_regions(
    networks: Networks, image: Image, objects: Sequence[Followed]
) -> tuple[Image, list[_Crop]]:
    """One region for each object, and for a lost one the next of the windows all over."""
    height, width = image.shape[:2]
    centres, areas, owners = list[FloatArray](), list[float](), list[tuple[int, bool]]()
    for number, thing in enumerate(objects):
        centres.append(thing.centre)
        areas.append(float(_area(thing.size)))
        owners.append((number, True))
        if thing.state == "lost":
            others = _windows(networks, thing, width, height)
            for step in range(min(WINDOWS, len(others))):
                centres.append(others[(thing.window + step) % len(others)])
                areas.append(float(_area(thing.size)))
                owners.append((number, False))
            thing.window += WINDOWS
    images, origins, zooms = _crops(networks, image, np.stack(centres), np.array(areas))
    crops = [
        _Crop(number, origin, float(zoom[0]), home)
        for (number, home), origin, zoom in zip(owners, origins, zooms, strict=True)
    ]
    return images, crops


def _windows(networks: Networks, thing: Followed, width: int, height: int) -> list[FloatArray]:
    """Centres of windows that cover the picture, nearest to the last place first."""
    reach = 0.6 * networks.search * float(_area(thing.size))
    columns, rows = (max(1, int(np.ceil(side / reach))) for side in (width, height))
    x = (np.arange(columns) + 0.5) * width / columns
    y = (np.arange(rows) + 0.5) * height / rows
    centres = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    order = np.argsort(np.hypot(*(centres - thing.centre).T), kind="stable")
    return list(centres[order])


def _best_place(
    thing: Followed, far: FloatArray, crops: Sequence[_Crop], rows: Sequence[int]
) -> tuple[int, Place]:
    """The row of the crop that shows the object, and where in it."""
    scores = thing.classifier.scores(far[list(rows)])
    home = locate(scores[0], thing.size * crops[rows[0]].zoom)
    if len(rows) == 1 or home.certainty != "lost":
        return rows[0], home
    tops = [float(score.max()) for score in scores[1:]]
    best = 1 + int(np.argmax(tops))
    if tops[best - 1] < FOUND_AGAIN:
        return rows[0], home
    centre, top = peak(scores[best])
    return rows[best], Place(centre, top, "uncertain")


def _candidates(thing: Followed, place: Place, crop: _Crop) -> FloatArray:
    """The object's last size at its new place, and jittered ones: [CANDIDATES, 4] in the crop."""
    size = thing.size * crop.zoom
    base = np.concatenate([place.centre, size])
    noise = (thing.rng.random((CANDIDATES - 1, 4)) - 0.5) * JITTER * float(_area(size))
    rows = np.concatenate([base[None], base + noise])
    rows[:, 2:] = np.maximum(rows[:, 2:], size.min() / 3)
    return np.hstack([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2]).astype(
        np.float32
    )


def _moved(
    thing: Followed, paths: FloatArray, energies: FloatArray, crop: _Crop, image: Image
) -> int:
    """Move the object to the mean of the best candidates; the best one's row."""
    ends, values = paths[:, -1], energies[:, -1]
    sides = np.maximum(ends[:, 2:] - ends[:, :2], 1e-3)
    slim = sides.max(axis=1) / sides.min(axis=1) > SLIMMEST
    order = np.argsort(np.where(slim | ~np.isfinite(values), -np.inf, values))[::-1]
    box = ends[order[:BEST]].mean(axis=0) / crop.zoom + np.tile(crop.origin, 2)
    height, width = image.shape[:2]
    size = np.clip(box[2:] - box[:2], thing.size / SIZE_CHANGE, thing.size * SIZE_CHANGE)
    size = thing.size * (size / thing.size) ** SIZE_SHARE
    thing.size = np.clip(size, SMALLEST, [width, height]).astype(np.float32)
    centre = (box[:2] + box[2:]) / 2
    thing.centre = np.clip(centre, 0, [width, height]).astype(np.float32)
    return int(order[0])


def _missed(thing: Followed, place: Place) -> Sighting:
    thing.state = "lost"
    return Sighting(thing.box, float(np.clip(place.score, 0, 1)), "lost")


def _sighting(
    thing: Followed,
    place: Place,
    path: FloatArray,
    energy: FloatArray,
    features: FloatArray,
    crop: _Crop,
) -> Sighting:
    thing.state = "uncertain" if place.certainty == "uncertain" else "found"
    to_frame = path / crop.zoom + np.tile(crop.origin, 2)
    to_frame[-1] = thing.box
    score = float(np.clip(place.score, 0, 1))
    return Sighting(
        thing.box, score, thing.state, to_frame, energy, features, crop.origin, crop.zoom
    )


def _learn(networks: Networks, thing: Followed, far: FloatArray, place: Place, crop: _Crop) -> None:
    """Keep the frame where the object was surely found; learn now and then, and at once from what
    is alike."""
    thing.age += 1
    hard = place.certainty == "hard"
    if hard or place.certainty == "found":
        centre = (thing.centre - crop.origin) * crop.zoom
        spread = float(_area(thing.size)) * crop.zoom
        label = label_map(centre[None], spread, far.shape[-1])[0]
        thing.classifier.remember(far, label, HARD_RATE if hard else LEARNING_RATE)
    if hard or thing.age % LEARN_EVERY == 0:
        thing.classifier.learn()
