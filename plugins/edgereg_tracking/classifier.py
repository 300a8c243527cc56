"""The online classifier: what this object looks like, learnt while it is followed.

ATOM's (CVPR 2019, section 3.3): a filter on the frozen features that says 1 at the object's centre
and falls to 0 about it. It is learnt from augmented views of the first frame, and kept up to date
with frames in which the object was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.api import FloatArray, Image
from edgereg_tracking.atom_classifier import FilterProblem, JointProblem, correlate, project
from edgereg_tracking.gauss_newton import minimise

STRIDE = 16
KERNEL = 4
CHANNELS = 32
# The label is a Gaussian of this share of sqrt(w h).
LABEL_WIDTH = 0.25
# Half of what ATOM takes for its first frame (23 views, 7 with dropout, 6 rounds of 10): a box that
# is drawn in a running clip should not stop it.
FIRST_ROUNDS, FIRST_STEPS = 5, 6
LATER_STEPS = 5
DROPOUT_VIEWS, DROPOUT = 4, 0.2
# Samples that are kept, what a new one weighs, and what those of the first frame weigh at least.
MEMORY = 50
LEARNING_RATE, HARD_RATE = 0.01, 0.02
FIRST_SHARE = 0.25


@dataclass(frozen=True)
class View:
    """A picture of the object for the first lesson, and its centre in it (x, y) in crop pixels."""

    image: Image
    centre: tuple[float, float]


def first_views(crop: Image) -> list[View]:
    """Shifted, mirrored, blurred and turned versions of a crop with the object in its middle."""
    size = len(crop)
    middle = size / 2
    views = [View(crop, (middle, middle))]
    for dx, dy in ((0.25, 0.25), (-0.25, 0.25), (0.25, -0.25), (-0.25, -0.25)):
        shift = np.array([[1, 0, dx * size], [0, 1, dy * size]])
        views.append(View(_warped(crop, shift), (middle + dx * size, middle + dy * size)))
    views.append(View(np.ascontiguousarray(crop[:, ::-1]), (middle, middle)))
    for sigma in ((3.0, 0.5), (0.5, 3.0), (2.0, 2.0)):
        blurred = cv2.GaussianBlur(crop, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
        views.append(View(np.asarray(blurred, np.uint8), (middle, middle)))
    for angle in (10, -10, 25, -25, 50, -50):
        turn = cv2.getRotationMatrix2D((middle - 0.5, middle - 0.5), angle, 1.0)
        views.append(View(_warped(crop, np.asarray(turn)), (middle, middle)))
    return views


def _warped(crop: Image, matrix: npt.NDArray[np.floating]) -> Image:
    moved = cv2.warpAffine(crop, matrix, (len(crop), len(crop)), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def label_map(centres: npt.ArrayLike, spread: float, cells: int) -> FloatArray:
    """Gaussian labels [N, cells + 1, cells + 1] about centres [N, 2] in crop pixels.

    spread: sqrt(w h) in crop pixels. Score i stands at i * STRIDE: an even kernel's scores lie on
    the edges of the cells.
    """
    places = np.arange(cells + 1) * STRIDE
    away = (places[None, None] - np.asarray(centres, float)[:, :, None]) / (LABEL_WIDTH * spread)
    x, y = np.exp(-0.5 * away**2).transpose(1, 0, 2)
    return np.asarray(y[:, :, None] * x[:, None, :], np.float32)


@dataclass
class OnlineClassifier:
    """projection w1 [c, C], filters w2 [c, k, k] and the samples that they were learnt from:
    projected maps [M, c, H, W], labels [M, H + 1, W + 1], weights [M] that add up to 1.

    first: how many samples are of the first frame; newest: the row that came last.
    """

    projection: FloatArray
    filters: FloatArray
    samples: FloatArray
    labels: FloatArray
    weights: npt.NDArray[np.float64]
    first: int
    count: int
    newest: int | None = field(default=None)

    def scores(self, maps: FloatArray) -> FloatArray:
        """Score maps [N, H + 1, W + 1] of features [N, C, H, W]; about 1 at the object's centre."""
        projected = project(normalised(maps), self.projection)
        return correlate(projected, self.filters).astype(np.float32)

    def remember(self, maps: FloatArray, label: FloatArray, rate: float) -> None:
        """Keep a sample [C, H, W] with its label; the least weighty one makes room.

        Its weight is that of the newest before over 1 - rate, so that older ones fade.
        """
        if self.count < len(self.samples):
            row = self.count
            self.count += 1
        else:
            row = self.first + int(self.weights[self.first :].argmin())
        if self.newest is None or self.newest == row:
            weight = rate
        else:
            weight = float(self.weights[self.newest]) / (1 - rate)
        self.samples[row] = project(normalised(maps[None]), self.projection)[0]
        self.labels[row] = label
        self.weights[row] = weight
        self.weights /= self.weights.sum()
        share = float(self.weights[: self.first].sum())
        if share < FIRST_SHARE:
            self.weights[: self.first] *= FIRST_SHARE / share
            self.weights[self.first :] *= (1 - FIRST_SHARE) / (1 - share)
        self.newest = row

    def learn(self, steps: int = LATER_STEPS) -> None:
        """One linearisation and some conjugate gradients on the filter alone."""
        known = slice(0, self.count)
        weights = self.weights[known].astype(np.float32)
        problem = FilterProblem(self.samples[known], self.labels[known], weights, KERNEL)
        solution = minimise(problem.linearise, self.filters.ravel(), rounds=1, steps=steps)
        self.filters = solution.values.reshape(self.filters.shape).astype(np.float32)


def learn_first(
    maps: FloatArray, centres: Sequence[tuple[float, float]], spread: float, seed: int = 0
) -> OnlineClassifier:
    """The classifier of a first frame, from the features [N, C, H, W] of its views.

    centres: of the object in each view; spread: sqrt(w h); both in crop pixels.
    """
    rng = np.random.default_rng(seed)
    features = normalised(maps)
    keep = rng.random((DROPOUT_VIEWS, features.shape[1], 1, 1)) >= DROPOUT
    dropped = features[:1] * keep.astype(np.float32) / np.float32(1 - DROPOUT)
    features = np.concatenate([features, dropped])
    labels = label_map([*centres, *[centres[0]] * DROPOUT_VIEWS], spread, features.shape[2])
    count, channels = features.shape[:2]
    weights = np.full(count, 1 / count, np.float32)
    problem = JointProblem(features, labels, weights, CHANNELS, KERNEL)
    start = rng.normal(0, np.sqrt(1 / channels), CHANNELS * channels)
    start = np.concatenate([start, np.zeros(CHANNELS * KERNEL**2)]).astype(np.float32)
    solution = minimise(problem.linearise, start, FIRST_ROUNDS, FIRST_STEPS)
    projection, filters = (part.astype(np.float32) for part in problem.split(solution.values))
    room = max(0, MEMORY - count)
    samples, targets = project(features, projection), labels
    return OnlineClassifier(
        projection,
        filters,
        np.concatenate([samples, np.zeros((room, *samples.shape[1:]), np.float32)]),
        np.concatenate([targets, np.zeros((room, *targets.shape[1:]), np.float32)]),
        np.concatenate([np.full(count, 1 / count), np.zeros(room)]),
        first=count,
        count=count,
    )


def normalised(maps: FloatArray) -> FloatArray:
    """Features over their root mean square, each sample by itself."""
    size = np.sqrt(np.mean(np.square(maps), axis=(1, 2, 3), keepdims=True))
    return np.asarray(maps / np.maximum(size, 1e-6), np.float32)
