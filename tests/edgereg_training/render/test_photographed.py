"""Photographed materials: read from a folder made here, and the same bytes for the same seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.render.errors import AssetError
from edgereg_training.render.photographed import (
    Photographed,
    Place,
    Skin,
    load_photographed,
    place_light,
    place_view,
)
from edgereg_training.render.scenes import render_scene
from edgereg_training.render.standin import standin_identity
from edgereg_training.render.traits import draw_face_units, draw_traits


def _sky_place() -> Place:
    """White above, black below, and the sun high in the middle."""
    panorama = np.zeros((512, 1024, 3), np.uint8)
    panorama[:256] = 255
    radiance = np.zeros((32, 64, 3), np.float32)
    radiance[:16] = 1.0
    radiance[8, 32] = 500.0
    return Place(panorama, radiance)


def test_light_of_a_place_comes_from_its_bright_side() -> None:
    light = place_light(np.random.default_rng(0), _sky_place())
    assert light is not None
    assert light.directions[0, 1] > 0.5  # the sun stands 45 degrees high
    assert (light.ambient[:, 2] > 0).all()  # a surface that looks up gets more
    assert (
        light.ambient[:, 0] - np.abs(light.ambient[:, 2]) >= -1e-3
    ).all()  # none gets less than 0


def test_a_view_shows_the_horizon_in_its_middle_half() -> None:
    view = place_view(np.random.default_rng(1), _sky_place(), 60, 90)
    assert view.shape == (60, 90, 3)
    assert view[0].mean() > 250
    assert view[-1].mean() < 5


def test_a_skin_is_of_the_persons_sex_and_tone() -> None:
    def skin(male: bool, dark: bool) -> Skin:
        return Skin(np.full((488, 256, 3), 10 * male + dark, np.uint8), male, dark, 25.0)

    skins = tuple(skin(m, d) for m in (True, False) for d in (True, False) for _ in range(4))
    photographed = Photographed(skins, {}, {}, ())
    rng = np.random.default_rng(2)
    chosen = 0
    for seed in range(60):
        traits = draw_traits(rng)
        found = photographed.skin_of(seed, traits)
        if found is not None and traits.age < 60:
            chosen += 1
            assert int(found[0, 0, 0]) == 10 * (traits.male > 0.5) + (traits.tone > 4.2)
    assert chosen > 15


def test_scenes_in_places_are_the_same_for_the_same_seed() -> None:
    photographed = Photographed((), {}, {}, (_sky_place(),))
    people = [standin_identity(k) for k in range(3)]
    first = render_scene(people, 5, 96, 96, photographed=photographed)
    again = render_scene(people, 5, 96, 96, photographed=photographed)
    assert np.array_equal(first.image, again.image)
    drawn = render_scene(people, 5, 96, 96)
    assert not np.array_equal(first.image, drawn.image)


def test_face_units_have_strengths_of_at_most_one() -> None:
    rng = np.random.default_rng(3)
    drawn = [draw_face_units(rng) for _ in range(200)]
    assert all(0 <= strength <= 1 for units in drawn for strength in units.values())
    assert sum("jawOpen" in units for units in drawn) > 30


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "makehuman_textures" / "skins").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "makehuman_textures/skins/young.jpg"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(AssetError, match="faceunits_cc0"):
        load_photographed(tmp_path, None)  # type: ignore[arg-type]
