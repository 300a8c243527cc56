"""Stand-in people and backgrounds for the renderer's tests: no asset folder is needed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")
pytest.importorskip("scipy")

from edgereg_training.render.background import background_pool
from edgereg_training.render.geometry import Array
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light
from edgereg_training.render.standin import standin_identity


@pytest.fixture(scope="session")
def person() -> Identity:
    return standin_identity(3)


@pytest.fixture(scope="session")
def people() -> list[Identity]:
    return [standin_identity(k) for k in range(4)]


@pytest.fixture(scope="session")
def pool() -> list[Array]:
    return background_pool(1, 4, 64)


@pytest.fixture
def flat_light() -> Light:
    """The same from all sides: pictures are mirror images if the geometry is."""
    ambient = np.zeros((3, 4), np.float32)
    ambient[:, 0] = 0.8
    return Light(
        directions=np.array([[0, 0, 1]], np.float32), colours=np.zeros((1, 3), np.float32),
        ambient=ambient, gloss=0.0, exposure=1.0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def asset_folder() -> Path:
    beside = Path(__file__).resolve().parents[4] / "shared" / "makehuman"
    folder = Path(os.environ.get("EDGEREG_MAKEHUMAN", beside))
    if not folder.is_dir():
        pytest.skip(f"no MakeHuman assets in {folder}: set EDGEREG_MAKEHUMAN to their folder")
    return folder
