"""The values of a model, one candidate an image, become predictions."""

from __future__ import annotations

import numpy as np
import pytest

from edgereg.api import (
    ModelSpec,
    Prepared,
    Refinement,
    Scalars,
    conclude_values,
    propose_values,
)

VALUES, STD = np.float32([[3], [5]]), np.float32([[1], [2]])
INTERVAL = np.float32([[[1, 4]], [[2, 9]]])
BOXES = np.float32([[0, 0, 8, 8], [4, 4, 9, 9]])


SPEC = ModelSpec.model_validate(
    {
        "schema_version": 1,
        "name": "levels-1",
        "version": "1",
        "task": "levels",
        "method": "direct",
        "targets": [{"name": "level", "unit": "", "low": 0, "high": 9}],
        "input": {},
        "graphs": {"predict": {"file": "predict.onnx", "sha256": "0" * 64}},
        "training_data": "none",
        "licence": "none",
    }
)


@pytest.fixture
def prepared() -> Prepared:
    images = np.zeros((2, 4, 4, 3), np.uint8)
    return Prepared(images, BOXES[:, :2], np.ones((2, 2), np.float32), BOXES, (9, 9))


def test_what_the_model_says_is_handed_on(prepared: Prepared) -> None:
    spec = SPEC.model_copy(update={"features": ("seen",)})
    outputs = {"values": VALUES, "std": STD, "interval": INTERVAL, "seen": np.ones((2, 7))}
    proposal = propose_values(outputs, spec)
    assert proposal.features["seen"] is outputs["seen"]
    found = conclude_values("levels", (Scalars(spec.targets),), proposal, None, prepared, spec)
    np.testing.assert_array_equal(found.values, VALUES)
    np.testing.assert_array_equal(found.std, STD)
    np.testing.assert_array_equal(found.intervals, INTERVAL)
    np.testing.assert_array_equal(found.regions, BOXES)
    assert (found.task, found.model, found.scores.tolist()) == ("levels", spec.name, [1, 1])


def test_values_alone_do(prepared: Prepared) -> None:
    proposal = propose_values({"values": VALUES}, SPEC)
    found = conclude_values("levels", (Scalars(SPEC.targets),), proposal, None, prepared, SPEC)
    assert (found.std, found.intervals) == (None, None)


def test_a_refined_value_is_that_at_the_end_of_its_path(prepared: Prepared) -> None:
    proposal = propose_values({"values": VALUES}, SPEC)
    path = np.float32([[[3], [3.5]], [[5], [6]]])
    climbed = Refinement(path, np.zeros((2, 2), np.float32))
    found = conclude_values("levels", (Scalars(SPEC.targets),), proposal, climbed, prepared, SPEC)
    np.testing.assert_array_equal(found.values, [[3.5], [6]])
    assert found.refinement is climbed
