"""Following what a detector finds: tracks through the clip, and boxes between detections."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgereg.core.frames import Frame
from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.model_spec import ModelSpec
from edgereg.core.predictions import Predictions
from edgereg.core.scores import asked_scores
from edgereg.core.settings import Settings
from edgereg.tracks.cuts import Cuts
from edgereg.tracks.flow import Flow
from edgereg.tracks.identities import Identities

# A box whose score is this share of what its model asks is kept where a track expects it.
VOUCHED = 0.65
# The most frames between two detections that `auto` chooses.
MOST = 8


class Rhythm:
    """Which frames a detector looks at. Belongs to the stage that runs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._place: tuple[int, int, int] | None = None
        self._since = 0
        self._last_s: float | None = None
        self._between_s = 0.0
        self.detection_s = 0.0

    def is_due(self, frame: Frame, place: tuple[int, int, int]) -> bool:
        """Whether to detect in this frame. place: generation, clip and scene that it belongs to."""
        follows = place == self._place and not frame.still
        if follows and self._last_s is not None and frame.time_s > self._last_s:
            gap = frame.time_s - self._last_s
            self._between_s = gap if not self._between_s else 0.9 * self._between_s + 0.1 * gap
        self._place, self._last_s = place, frame.time_s
        self._since = self._since + 1 if follows else 0
        if self._since % self._every() == 0:
            self._since = 0
            return True
        return False

    def _every(self) -> int:
        every = self._settings.detect_every
        if every != "auto":
            return every
        if not self._between_s:
            return 1
        return min(MOST, max(1, math.ceil(self.detection_s / self._between_s)))


def searching(spec: ModelSpec) -> ModelSpec:
    """A detector's model that also gives the boxes that only a track can vouch for."""
    asked = ("score_threshold", "large_score_threshold")
    lowered = {name: spec.settings[name] * VOUCHED for name in asked if name in spec.settings}
    return spec.model_copy(update={"settings": {**spec.settings, **lowered}})


class Follower:
    """Gives the boxes of one detector their tracks, and carries them between detections.

    Belongs to one stage of one run. asked: the model's own settings; a box below the score that
    they ask (see `searching`) begins no track, and is dropped where none expects it. carries:
    whether there are frames between detections.
    """

    def __init__(
        self,
        task: str,
        model: str,
        kinds: Kinds,
        *,
        carries: bool,
        asked: Mapping[str, float] | None = None,
    ) -> None:
        self._task, self._model, self._kinds = task, model, kinds
        self._asked = asked or {}
        self._carries = carries
        self._place: tuple[int, int, int] | None = None
        self._identities = Identities()
        self._flow = Flow()
        self._labels: dict[int, int] = {}

    @staticmethod
    def can_follow(kinds: Kinds) -> bool:
        """Whether a task finds boxes, and nothing else that would have to be carried."""
        return len(kinds) == 1 and isinstance(kinds[0], Boxes)

    def found(
        self, frame: Frame, place: tuple[int, int, int], predictions: Predictions
    ) -> Predictions:
        """The predictions with their tracks; those of a photograph have none."""
        sure = self._sure(predictions, frame)
        if frame.still:
            return predictions if sure.all() else predictions.select(sure)
        self._settle(place)
        if self._carries:  # else nobody asks for the picture before
            self._flow.show(frame.image)
        boxes, scores = predictions.values[:, :4], predictions.scores
        tracks = self._identities.update(frame.image, frame.time_s, boxes, scores, sure)
        if predictions.labels is not None:
            self._labels = dict(zip(tracks.tolist(), predictions.labels.tolist(), strict=True))
        followed, kept = replace(predictions, tracks=tracks), sure | (tracks >= 0)
        return followed if kept.all() else followed.select(kept)

    def _sure(self, predictions: Predictions, frame: Frame) -> npt.NDArray[np.bool_]:
        """Which boxes reach the score that the model asks of boxes of their size."""
        asked = asked_scores(predictions.values, max(frame.size), self._asked, -np.inf)
        return predictions.scores >= asked

    def carried(self, frame: Frame, place: tuple[int, int, int]) -> Predictions:
        """The boxes of the last detection where they are now."""
        self._settle(place)
        before = self._flow.show(frame.image)
        old, _, tracks = self._identities.latest()
        boxes, scores, tracks = self._identities.carry(frame.time_s)
        if before is not None and len(old):
            moved, followed = self._flow.carry(before, old)
            self._identities.moved(tracks[followed], moved[followed])
            boxes, scores, tracks = self._identities.latest()
        labels = [self._labels.get(track, 0) for track in tracks.tolist()]
        return Predictions(
            self._task,
            self._model,
            self._kinds,
            boxes,
            scores,
            tracks=tracks,
            labels=np.asarray(labels, np.int64) if self._labels else None,
            states=("carried",) * len(boxes),
        )

    def _settle(self, place: tuple[int, int, int]) -> None:
        """Begin anew where the frame does not follow the last one.

        After a jump and in the next clip numbers begin with 1 again, so that the same jump, and a
        clip on a worker of its own, give the same numbers; after a cut they go on, so that no two
        people of a clip share one.
        """
        before, self._place = self._place, place
        if before is None or before == place:
            return
        cut = before[:2] == place[:2]
        self._identities = self._identities.successor() if cut else Identities()
        self._flow, self._labels = Flow(), {}


class Scenes:
    """Counts the cuts of a run."""

    def __init__(self) -> None:
        self._cuts = Cuts()
        self._place: tuple[int, int] | None = None
        self._scene = 0

    def scene_of(self, frame: Frame, generation: int) -> int:
        """The number of the scene that a frame belongs to; frames come in order."""
        place = (generation, frame.clip)
        if place != self._place:
            self._cuts, self._place = Cuts(), place
        if not frame.still and self._cuts.is_cut(frame.image):
            self._scene += 1
        return self._scene
