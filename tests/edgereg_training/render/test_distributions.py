"""Moments and limits of the pose distributions."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.render.distributions import DISTRIBUTIONS, UNIFORM_LIMITS, sampler

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


def test_s2g_has_two_modes() -> None:
    yaw = draw("s2g")[:, 0]
    near, middle = (np.abs(yaw) > 22).mean(), (np.abs(yaw) < 8).mean()
    assert near > 0.6
    assert middle < 0.12


def test_ssv_is_heavier_at_the_extremes_than_uniform() -> None:
    ssv, uniform = draw("ssv"), draw("uniform")
    assert (ssv.std(0) > 1.1 * uniform.std(0)).all()


def test_names_in_any_case() -> None:
    assert sampler("S2G") is sampler("s2g")


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ValueError, match=r"unknown pose distribution 'x'.*uniform.*s2g"):
        sampler("x")
