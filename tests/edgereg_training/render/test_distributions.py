"""Moments and limits of the pose distributions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from edgereg_training.render.distributions import (
    DISTRIBUTIONS,
    GLLIM_LIMITS,
    UNIFORM_LIMITS,
    s2g_share,
    sampler,
    ssv_share,
)

N = 20000


def draw(name: str) -> np.ndarray:
    return sampler(name)(np.random.default_rng(5), N)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_shape_limits_and_symmetry(name: str) -> None:
    poses = draw(name)
    limits = (90.0, *UNIFORM_LIMITS[1:]) if name == "uniform-wide" else UNIFORM_LIMITS
    assert poses.shape == (N, 3)
    assert (np.abs(poses) <= limits).all()
    assert (np.abs(poses.mean(0)) < 1.5).all()
    assert np.array_equal(poses, draw(name))


def test_uniform_moments() -> None:
    assert np.allclose(draw("uniform").std(0), np.array(UNIFORM_LIMITS) / np.sqrt(3), rtol=0.03)


def test_biwi_is_a_slightly_narrowed_normal() -> None:
    assert np.allclose(draw("biwi").std(0), [31, 20, 11], atol=1.2)


def test_s2g_has_its_modes_where_the_paper_says() -> None:
    poses = draw("s2g")
    yaw, pitch, roll = poses.T
    # Pitch and yaw are large together, with the same sign: the other two corners are empty.
    assert (np.sign(yaw) == np.sign(pitch)).mean() > 0.8
    counts, yaws, pitches = np.histogram2d(yaw, pitch, 8, [[-75, 75], [-60, 60]])
    i, j = np.unravel_index(np.argmax(counts), counts.shape)
    mode = (yaws[i] + yaws[i + 1]) / 2, (pitches[j] + pitches[j + 1]) / 2
    assert np.abs(np.abs(mode) - (60, 35)).max() < 15
    assert np.abs(roll).max() <= 20


def test_ssv_lacks_frontal_faces() -> None:
    yaw, pitch, _ = np.abs(draw("ssv")).T
    frontal = ((yaw < 25) & (pitch < 20)).mean()
    # Of uniform poses these are (25 / 75) (20 / 60), a ninth.
    assert frontal < 0.5 / 9
    assert yaw.mean() > 1.1 * 75 / 2


@pytest.mark.parametrize("share", [s2g_share, ssv_share])
def test_a_fifth_of_uniform_poses_is_kept(share: Callable[[np.ndarray], np.ndarray]) -> None:
    poses = np.random.default_rng(1).uniform(-1, 1, (100000, 3)) * GLLIM_LIMITS
    assert share(poses).mean() == pytest.approx(0.2, abs=0.005)


def test_names_in_any_case() -> None:
    assert sampler("S2G") is sampler("s2g")


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown pose distribution 'x'.*uniform.*s2g"):
        sampler("x")
