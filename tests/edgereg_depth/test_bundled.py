"""The bundled model: whole, small, and right about what is near in rooms it has not seen."""

from __future__ import annotations

from pathlib import Path

import edgereg_depth
import numpy as np
import pytest
from edgereg_training.render.interiors.view import draw_interior

import edgereg
from edgereg.models.folder import load_model

pytest.importorskip("onnxruntime")

FOLDER = Path(edgereg_depth.__file__).parent / "models" / "depth"
SEED = 41


def test_the_folder_is_whole_and_small() -> None:
    model = load_model(FOLDER)
    assert model.spec.task == "depth"
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 900_000
    assert "rendered" in model.spec.training_data


def test_rooms_are_told_better_than_by_their_mean() -> None:
    told, truth = [], []
    for index in range(16):
        view = draw_interior(np.random.default_rng([SEED, index]), 96, 128)
        (found,) = edgereg.predict(view.image, "depth")
        told.append(found["depth"])
        truth.append(view.depth[2::4, 2::4])
    error = np.abs(np.stack(told) - np.stack(truth))
    constant = np.abs(np.stack(truth) - np.mean(truth))
    assert np.stack(told).shape == (16, 24, 32)
    assert error.mean() < 0.85 * constant.mean()
