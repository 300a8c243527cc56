"""The stand-in head."""

from __future__ import annotations

import numpy as np
from edgereg_training.render import materials as m
from edgereg_training.render.identity import Identity
from edgereg_training.render.standin import standin_identity


def test_same_seed_same_person() -> None:
    a, b = standin_identity(11), standin_identity(11)
    assert np.array_equal(a.points, b.points)
    assert np.array_equal(a.skin, b.skin)
    assert a.age == b.age
    assert not np.array_equal(a.points, standin_identity(12).points)


def test_arrays_fit_together(person: Identity) -> None:
    assert person.triangles.max() < len(person.points)
    assert person.layer.max() < len(person.alphas)
    assert person.palette.shape == (m.COUNT, 3)
    used = np.unique(person.triangles)
    assert (np.abs(np.linalg.norm(person.normals[used], axis=1) - 1) < 0.02).mean() > 0.97
    assert (person.occlusion > 0).all()
    assert (person.occlusion <= 1.001).all()


def test_landmarks_lie_as_on_a_face(person: Identity) -> None:
    points = person.points[person.landmarks]
    assert points.shape == (68, 3)
    # The subject's right is -x: jaw, brows, eyes and mouth run from there to +x.
    assert points[0, 0] < points[16, 0]
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]
    assert points[48, 0] < points[54, 0]
    assert points[8, 1] < points[57, 1] < points[30, 1] < points[36, 1] < points[19, 1]
    assert points[30, 2] > points[36, 2]
    assert np.allclose(points[36:42, 0].mean(), -points[42:48, 0].mean(), atol=0.05)


def test_ages_span_childhood_to_old_age() -> None:
    ages = np.array([standin_identity(k).age for k in range(12)])
    assert ages.min() >= 3
    assert ages.max() <= 90
    assert np.ptp(ages) > 20
