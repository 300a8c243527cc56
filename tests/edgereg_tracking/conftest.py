"""Fixtures of the tracker's tests."""

from __future__ import annotations

import pytest
from edgereg_tracking.networks import Networks

from edgereg.api import RefinementSettings

from .colours import SIZE, ColourModel


@pytest.fixture
def model() -> ColourModel:
    return ColourModel()


@pytest.fixture
def networks(model: ColourModel) -> Networks:
    settings = RefinementSettings(steps=3, step_length=(0.01,) * 4, decay=0.5)
    return Networks(model.run, SIZE, 4.0, settings)
