"""The bundled model: whole, small, and following an activity that it has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("numba")  # activities are rendered, which is training's

import edgereg_progress
from edgereg_progress.task import Progress
from edgereg_training.progress.activities import write_activities

import edgereg
from edgereg.density import density_curves
from edgereg.models.folder import load_model
from edgereg.pipeline.loading import Loading, load_task

FOLDER = Path(edgereg_progress.__file__).parent / "models" / "progress"
SEED = 42


def test_the_folder_is_whole_and_small() -> None:
    model = load_model(FOLDER)
    assert model.spec.task == "progress"
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 500_000
    assert "rendered" in model.spec.training_data


def test_an_activity_is_followed_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    write_activities(tmp_path, 1, SEED, 96, 128, lambda done, total: None)
    (video,) = tmp_path.glob("*/*/*.avi")
    results = list(edgereg.stream(video, tasks="progress"))
    told = np.array([result["progress"][0]["progress"] for result in results])
    truth = np.linspace(0, 100, len(told))
    assert np.abs(told - truth).mean() < 20
    assert told[: len(told) // 8].mean() < 30
    assert told[-len(told) // 8 :].mean() > 60
    # Its density can be looked at: highest at the answer.
    loaded = load_task(Progress(), Loading(engine="cpu"))
    assert loaded.density is not None
    (curve,) = density_curves(loaded.density, loaded.spec, results[-1]["progress"], 0)
    assert curve.x[curve.density.argmax()] == pytest.approx(told[-1], abs=1)
