"""Support vector regression on histograms of oriented gradients, as in S4's Table 1: forward
regression without a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from skimage.feature import hog
from sklearn.svm import SVR

from edgereg.core.arrays import FloatArray

Images = npt.NDArray[np.uint8]
# Of Dalal and Triggs.
ORIENTATIONS, CELL, BLOCK = 9, 8, 2
# The weight of what is outside of the tube, chosen for each angle on validation data; the tube's
# half width is a share of the target's deviation.
WEIGHTS = (1.0, 10.0)
TUBE = 0.1


def gradients(images: Images) -> FloatArray:
    """Of uint8 [N, H, W, 3] float32 [N, D]: in every pixel the channel of the largest gradient."""
    return np.stack(
        [
            hog(
                image, orientations=ORIENTATIONS, pixels_per_cell=(CELL, CELL),
                cells_per_block=(BLOCK, BLOCK), block_norm="L2-Hys", channel_axis=-1,
            )
            for image in images
        ]
    ).astype(np.float32)  # fmt: skip


def support_vectors(
    train: tuple[Images, FloatArray], validation: tuple[Images, FloatArray], test: Images
) -> FloatArray:
    """Targets [N, L] of the test pictures, each by a regression of its own with a Gaussian kernel.

    train, validation: pictures and targets [N, L].
    """
    features, checked, tested = (gradients(images) for images in (train[0], validation[0], test))
    columns = [
        _one(features, known, (checked, right), tested)
        for known, right in zip(train[1].T, validation[1].T, strict=True)
    ]
    return np.stack(columns, axis=1)


def _one(
    features: FloatArray, known: FloatArray, validation: tuple[FloatArray, FloatArray],
    tested: FloatArray,
) -> FloatArray:  # fmt: skip
    """One target of the test, by the weight of the least validation error."""
    middle, deviation = known.mean(), known.std()
    models: Sequence[SVR] = [
        SVR(C=weight, epsilon=TUBE).fit(features, (known - middle) / deviation)
        for weight in WEIGHTS
    ]
    checked, right = validation
    errors = [np.abs(m.predict(checked) * deviation + middle - right).mean() for m in models]
    best = models[int(np.argmin(errors))]
    predicted: FloatArray = (best.predict(tested) * deviation + middle).astype(np.float32)
    return predicted
