"""The tracking task: boxes that a user points at, followed through the clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgereg.api import (
    Boxes,
    EdgeregError,
    FloatArray,
    Frame,
    Kinds,
    Mark,
    ModelFolderError,
    ModelSpec,
    Predictions,
    Prompt,
    Refinement,
    Regions,
    Settings,
    StepModel,
    clip_boxes,
)
from edgereg_tracking.corner import corner_density
from edgereg_tracking.marks import tracking_marks
from edgereg_tracking.networks import Networks
from edgereg_tracking.tracker import Followed, Sighting, advance, begin

NAME = "tracking"
KINDS: Kinds = (Boxes(),)
# Used where a model's settings do not say otherwise.
SEARCH = 4.5
# A box to follow must show this many pixels of itself in both directions.
LEAST_SIDE = 4


@dataclass(frozen=True)
class Tracking:
    """Follows any number of boxes. Setting of the model that it reads: `search`, the side of the
    search region over sqrt(w h) of the object."""

    name: str = NAME
    title: str = "Tracking: whatever you point at (--box X,Y,W,H[@FRAME])"
    upstream: str | None = None
    model: Path = Path(__file__).parent / "models" / "objects"

    def kinds(self, spec: ModelSpec | None) -> Kinds:
        """Boxes, of no class."""
        return KINDS

    def open(self, model: StepModel | None, settings: Settings) -> TrackingState:
        """Nothing is followed at first. Raises ModelFolderError for a model of another kind."""
        ascent = None if model is None else model.spec.refinement
        if model is None or ascent is None or model.spec.input.width is None:
            raise ModelFolderError("tracking needs a model with a 'refine' graph and a fixed size")
        spec, size = model.spec, model.spec.input.width
        search = spec.settings.get("search", SEARCH)
        networks = Networks(model.run, size, search, ascent, "spread" in spec.graphs)
        return TrackingState(spec.name, networks, settings)

    def marks(self, predictions: Predictions, size: tuple[int, int]) -> Sequence[Mark]:
        """Boxes with their states, the ascent's paths, and the density of each box's corner."""
        return tracking_marks(predictions)


class TrackingState:
    """The objects that are followed in one clip, by the number that each keeps."""

    def __init__(self, model: str, networks: Networks, settings: Settings) -> None:
        self._model = model
        self._networks = networks
        self._settings = settings
        self._objects: dict[int, Followed] = {}
        self._prompts: dict[Prompt, int] = {}
        self._asked: set[Prompt] = set()

    def step(self, frame: Frame, regions: Regions, prompts: Sequence[Prompt]) -> Predictions:
        """All objects in this frame; those of new prompts are learnt from it.

        Raises EdgeregError for a prompt outside the frame; the other objects go on.
        """
        self._forget()
        # A box that is given again, after a jump back, starts anew under its old number.
        begun = {self._number_of(prompt): prompt for prompt in prompts}
        going = [track for track in self._objects if track not in begun]
        steps = None if self._settings.refine else 0
        if self._settings.refine and self._settings.steps is not None:
            steps = self._settings.steps
        seen = advance(
            self._networks, frame.image, [self._objects[track] for track in going], steps
        )
        sightings = dict(zip(going, seen, strict=True))
        for track, prompt in begun.items():
            box = _inside(prompt, frame.size)
            self._objects[track] = begin(self._networks, frame.image, box)
            sightings[track] = Sighting(box, 1.0, "found")
        return self._predictions(dict(sorted(sightings.items())))

    def _number_of(self, prompt: Prompt) -> int:
        """The number of a prompt's object: the user's, else the next free one."""
        free = max(self._prompts.values(), default=0) + 1
        return self._prompts.setdefault(prompt, prompt.track or free)

    def _forget(self) -> None:
        """Follow no further what the user has taken back."""
        wanted = set(self._settings.prompts)
        for prompt in [each for each in self._asked if each not in wanted]:
            self._objects.pop(self._prompts.pop(prompt, 0), None)
        self._asked = wanted

    def reset(self, why: str) -> None:
        """Another clip: forget. After a jump in the same one the objects are looked for anew."""
        if why == "clip":
            self._objects.clear()
            self._prompts.clear()
        for thing in self._objects.values():
            thing.state = "lost"

    def _predictions(self, sightings: dict[int, Sighting]) -> Predictions:
        if not sightings:
            return Predictions.none(NAME, self._model, KINDS)
        found = list(sightings.values())
        boxes = np.stack([item.box for item in found]).astype(np.float32)
        features, to_graph = self._features(found)
        return Predictions(
            task=NAME,
            model=self._model,
            kinds=KINDS,
            values=boxes,
            scores=np.array([item.score for item in found], np.float32),
            std=self._std(found, boxes, features, to_graph),
            refinement=_refinement(found),
            tracks=np.array(list(sightings), np.int64),
            features=features,
            to_graph=to_graph,
            states=tuple(item.state for item in found),
        )

    def _std(
        self,
        found: Sequence[Sighting],
        boxes: FloatArray,
        features: Mapping[str, FloatArray],
        to_graph: tuple[FloatArray, FloatArray] | None,
    ) -> FloatArray | None:
        """How sure each edge is, [N, 4] in pixels: of a lost object as of any place in its search
        region, of one that the user has just drawn 0; None where the model does not tell."""
        if not self._networks.tells_spread:
            return None
        sides = boxes[:, 2:] - boxes[:, :2]
        anywhere = self._networks.search * np.sqrt(sides.prod(axis=1) / 12)
        lost = np.array([item.state == "lost" for item in found])
        std = np.where(lost[:, None], np.tile(anywhere[:, None], (1, 4)), np.float32(0))
        seen = [row for row, item in enumerate(found) if item.features is not None]
        if seen and to_graph is not None:
            scale, offset = to_graph[0][seen], to_graph[1][seen]
            local = (boxes[seen] * scale + offset)[:, None]
            std[seen] = self._networks.spread(features["features"][seen], local)[:, 0] / scale
        return np.asarray(std, np.float32)

    def _features(
        self, found: Sequence[Sighting]
    ) -> tuple[dict[str, FloatArray], tuple[FloatArray, FloatArray] | None]:
        """What the density graph takes, and the density of each box's corner; nothing where no
        object was seen."""
        maps = [item.features for item in found if item.features is not None]
        if not maps:
            return {}, None
        empty = np.zeros_like(maps[0])
        features = np.stack([empty if item.features is None else item.features for item in found])
        origins = np.stack([np.zeros(2) if i.origin is None else i.origin for i in found])
        zooms = np.array([[item.zoom] for item in found])
        scale = np.tile(zooms, (1, 4)).astype(np.float32)
        offset = (-np.tile(origins, (1, 2)) * zooms).astype(np.float32)
        made = {"features": features}
        if NAME not in self._settings.hidden:
            boxes = np.stack([item.box for item in found]) * scale + offset
            corner = corner_density(self._networks, features, boxes)
            corner[[item.features is None for item in found]] = 0
            made["corner"] = corner
        return made, (scale, offset)


def _inside(prompt: Prompt, size: tuple[int, int]) -> FloatArray:
    """The part of a prompt's box inside the frame."""
    x1, y1, x2, y2 = prompt.box
    box = clip_boxes(np.array([prompt.box], np.float32), *size)[0]
    if (box[2:] - box[:2]).min() < LEAST_SIDE:
        raise EdgeregError(
            f"the box {x1:g},{y1:g},{x2 - x1:g},{y2 - y1:g} to follow lies outside the picture of "
            f"{size[0]} x {size[1]} pixels, or is thinner than {LEAST_SIDE}"
        )
    return np.asarray(box, np.float32)


def _refinement(found: Sequence[Sighting]) -> Refinement | None:
    """Paths of one length; an object that was not seen stays where it was."""
    lengths = [len(item.trajectory) for item in found if item.trajectory is not None]
    if not lengths or lengths[0] < 2:
        return None
    paths, energies = list[FloatArray](), list[FloatArray]()
    for item in found:
        if item.trajectory is None or item.energy is None:
            paths.append(np.tile(item.box, (lengths[0], 1)))
            energies.append(np.zeros(lengths[0], np.float32))
        else:
            paths.append(item.trajectory)
            energies.append(item.energy)
    return Refinement(np.stack(paths).astype(np.float32), np.stack(energies).astype(np.float32))
