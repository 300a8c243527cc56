"""A clip of one activity, at a speed that changes from step to step, with pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.render.activities.canvas import Canvas, Look, random_look
from edgereg_training.render.activities.kinds import KINDS, Activity

FPS = 10.0
# Seconds of a step at the usual speed of a clip, the slowest and fastest clip's.
STEP_S = (1.5, 6.0)


@dataclass(frozen=True)
class ActivityClip:
    """One clip. done: [T], how many steps are done in each frame; times: frame i is at i / FPS."""

    activity: Activity
    look: Look
    done: npt.NDArray[np.float64]
    rng: np.random.Generator

    def frames(self) -> Iterator[npt.NDArray[np.uint8]]:
        """uint8 [H, W, 3] RGB, one after another; to be asked for once."""
        rng = self.rng
        gain, drift = rng.uniform(0.7, 1.2), rng.normal(0, 0.003, 2)
        noise, move = rng.uniform(0, 0.03), np.zeros(2)
        height, width = self.look.table.shape[:2]
        for done in self.done:
            canvas = Canvas(self.look.table.copy())
            self.activity.draw(canvas, self.look, float(done))
            # A camera in somebody's hand.
            move = 0.9 * move + rng.normal(0, 0.003, 2) + 0.1 * drift
            shift = np.array([[1, 0, move[0] * width], [0, 1, move[1] * height]], np.float32)
            picture = cv2.warpAffine(
                canvas.picture, shift, (width, height), borderMode=cv2.BORDER_REPLICATE
            )
            seen = picture * gain + rng.normal(0, noise, picture.shape)
            yield np.asarray(np.clip(seen * 255 + 0.5, 0, 255), np.uint8)


def random_clip(rng: np.random.Generator, height: int, width: int) -> ActivityClip:
    """An activity of any kind, from its beginning to its end."""
    activity = KINDS[int(rng.integers(len(KINDS)))](rng)
    look = random_look(rng, height, width)
    usual = float(np.exp(rng.uniform(*np.log(STEP_S))))
    parts = [np.zeros(_frames(rng.uniform(0, 0.5) * usual))]
    for step in range(activity.steps):
        count = max(2, _frames(usual * float(np.exp(rng.normal(0, 0.35)))))
        parts.append(step + np.arange(1, count + 1) / count)
        if rng.random() < 0.25:
            parts.append(np.full(_frames(rng.uniform(0, 0.6) * usual), step + 1.0))
    parts.append(np.full(_frames(rng.uniform(0, 0.5) * usual), float(activity.steps)))
    return ActivityClip(activity, look, np.concatenate(parts), rng)


def _frames(seconds: float) -> int:
    return round(seconds * FPS)
