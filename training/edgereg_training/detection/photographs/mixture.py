"""What training pictures are made of: rendered scenes, photographs, pasted people, empty places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydantic import Field

from edgereg.core.arrays import Image
from edgereg_training.detection.photographs.labels import LabelledPicture, read_labels
from edgereg_training.detection.photographs.people import (
    Cutout,
    PeopleSettings,
    load_cutouts,
    paste_people,
)
from edgereg_training.detection.photographs.views import cut_view, tiled, view_of, whole_view
from edgereg_training.detection.scene import Scene, scene_of
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.recipe import Strict

# Longer side of the pictures of places that are kept, in pixels.
PLACE_SIDE = 640


class PhotographOptions(Strict):
    """Photographs in a detection recipe.

    portraits: COCO JSONs of pictures of one large head each. groups: of pictures with any number
    of heads, all of them labelled. cutouts: of people as RGBA. places: folders of pictures without
    people. shares of the training pictures: portrait_share, tiled_share (many portraits side by
    side), group_share, pasted_share (cut-out people in places), place_share (places alone); what
    is left is rendered. cut_share: of the portraits, those that the picture's border cuts.
    smallest, largest: size of heads in photographs, as shares of the picture's side.
    """

    portraits: tuple[Path, ...] = ()
    groups: tuple[Path, ...] = ()
    cutouts: tuple[Path, ...] = ()
    places: tuple[Path, ...] = ()
    portrait_share: float = Field(default=0.0, ge=0, le=1)
    tiled_share: float = Field(default=0.0, ge=0, le=1)
    group_share: float = Field(default=0.0, ge=0, le=1)
    pasted_share: float = Field(default=0.0, ge=0, le=1)
    place_share: float = Field(default=0.0, ge=0, le=1)
    cut_share: float = Field(default=0.0, ge=0, le=0.75)
    smallest: float = Field(default=0.035, gt=0)
    largest: float = Field(default=1.2, gt=0)


@dataclass(frozen=True)
class Photographs:
    """What `PhotographOptions` names, read; portraits are read from disc when they are used."""

    options: PhotographOptions
    portraits: Sequence[LabelledPicture]
    groups: Sequence[Scene]
    cutouts: Sequence[Cutout]
    places: Sequence[Image]

    def view(self, size: int, rng: np.random.Generator) -> Scene | None:
        """A picture of `size` pixels of one of the kinds, or None where a rendered one is due."""
        options = self.options
        lot = rng.random()
        for share, make in (
            (options.portrait_share, self._portrait),
            (options.tiled_share, self._tiled),
            (options.group_share, self._group),
            (options.pasted_share, self._pasted),
            (options.place_share, self._place),
        ):
            if lot < share:
                return make(size, rng)
            lot -= share
        return None

    def place(self, size: int, rng: np.random.Generator) -> Image:
        """A square part of a place, as it is or mirrored."""
        picture = self.places[int(rng.integers(len(self.places)))]
        side = max(2, int(min(picture.shape[:2]) * rng.uniform(0.4, 1)))
        low = rng.integers(0, np.array(picture.shape[:2]) - side + 1)
        part = picture[low[0] : low[0] + side, low[1] : low[1] + side]
        part = part[:, ::-1] if rng.random() < 0.5 else part
        method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(part, (size, size), interpolation=method), np.uint8)

    def _pick(self, rng: np.random.Generator) -> Scene:
        return self.portraits[int(rng.integers(len(self.portraits)))].read()

    def _portrait(self, size: int, rng: np.random.Generator) -> Scene:
        lot = rng.random()
        if lot < 0.25:
            return whole_view(self._pick(rng), size, rng)
        if lot < 0.25 + self.options.cut_share:
            return cut_view(self._pick(rng), size, rng)
        share = float(np.exp(rng.uniform(np.log(0.3), np.log(self.options.largest))))
        return view_of(self._pick(rng), size, share, rng, self.place(size, rng))

    def _tiled(self, size: int, rng: np.random.Generator) -> Scene:
        return tiled(lambda: self._pick(rng), size, rng)

    def _group(self, size: int, rng: np.random.Generator) -> Scene:
        scene = self.groups[int(rng.integers(len(self.groups)))]
        if rng.random() < 0.25:
            return whole_view(scene, size, rng)
        low, high = np.log(self.options.smallest), np.log(0.7)
        share = float(np.exp(rng.uniform(low, high)))
        return view_of(scene, size, share, rng, self.place(size, rng), tilted=rng.random() < 0.5)

    def _pasted(self, size: int, rng: np.random.Generator) -> Scene:
        settings = PeopleSettings(self.options.smallest, self.options.largest)
        return paste_people(self.place(size, rng), self.cutouts, settings, rng)

    def _place(self, size: int, rng: np.random.Generator) -> Scene:
        return scene_of(self.place(size, rng))


def load_photographs(options: PhotographOptions) -> Photographs:
    """Reads what the recipe names; TrainingError where a share has nothing to be made of."""
    groups = [picture for path in options.groups for picture in read_labels(path)]
    read = Photographs(
        options,
        portraits=[picture for path in options.portraits for picture in read_labels(path)],
        groups=[picture.read() for picture in groups],
        cutouts=[cutout for path in options.cutouts for cutout in load_cutouts(path)],
        places=[place for folder in options.places for place in _places(folder)],
    )
    for share, needed, name in (
        (options.portrait_share + options.tiled_share, read.portraits, "portraits"),
        (options.group_share, read.groups, "groups"),
        (options.pasted_share, read.cutouts, "cutouts"),
        (
            options.portrait_share + options.pasted_share + options.place_share,
            read.places,
            "places",
        ),
    ):
        if share and not needed:
            raise TrainingError(f"the recipe has a share of photographs but no {name}")
    return read


def _places(folder: Path) -> list[Image]:
    """The pictures of a folder, the larger ones scaled down."""
    pictures = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".webp"):
            continue
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise TrainingError(f"{path}: no picture that can be read")
        ratio = PLACE_SIDE / max(pixels.shape[:2])
        if ratio < 1:
            pixels = cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        pictures.append(np.asarray(pixels, np.uint8))
    return pictures
