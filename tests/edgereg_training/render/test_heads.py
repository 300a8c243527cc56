"""Single heads: determinism, labels against the geometry, mirror symmetry, visibility."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from edgereg_training.render.draw import Camera, head_box, pose_person, projected, torso_rotation
from edgereg_training.render.geometry import Array, rotation_matrix
from edgereg_training.render.heads import HeadImage, HeadView, render_head
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light

Pose = tuple[float, float, float]
PLAIN = HeadView(occluder=0.0, effects=False)


def head(
    person: Identity, pool: list[Array], pose: Pose, seed: int = 0, **fields: object
) -> HeadImage:
    view = replace(PLAIN, **fields)  # type: ignore[arg-type]
    return render_head(person, pose, np.random.default_rng(seed), 64, pool, view)


def landmarks_at(person: Identity, pose: Pose) -> Array:
    """68 points px by the renderer, seen from so far that perspective vanishes."""
    turn = rotation_matrix(*pose)
    posed = pose_person(person, turn, turn)
    return projected(posed, Camera(1e4, 1e5, 0, 0))[person.landmarks, :2]


def test_same_seed_same_picture(person: Identity, pool: list[Array]) -> None:
    a, b = (head(person, pool, (20, 10, 5), 7, occluder=1.0, effects=True) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.landmarks, b.landmarks)
    assert np.array_equal(a.box, b.box)
    assert not np.array_equal(a.image, head(person, pool, (20, 10, 5), 8).image)


def test_landmarks_are_the_projection_of_rotated_vertices(person: Identity) -> None:
    pose = (25.0, -15.0, 10.0)
    points = person.points[person.landmarks] - person.centre
    # All landmarks belong to the head, which turns as one.
    assert (person.neck[person.landmarks] == 1).all()
    turned = (points + person.centre) @ rotation_matrix(*pose).T
    turned -= rotation_matrix(*pose) @ person.centre
    expected = np.stack([turned[:, 0], -turned[:, 1]], 1) * 10
    assert np.allclose(landmarks_at(person, pose), expected, atol=0.02)


@pytest.mark.parametrize(
    ("pose", "axis", "sign"),
    [((30, 0, 0), 0, 1), ((-30, 0, 0), 0, -1), ((0, 30, 0), 1, 1), ((0, -30, 0), 1, -1)],
)
def test_nose_moves_as_the_convention_says(
    person: Identity, pose: Pose, axis: int, sign: int
) -> None:
    nose = landmarks_at(person, pose)[30] - landmarks_at(person, (0, 0, 0))[30]
    assert nose[axis] * sign > 1


def test_positive_roll_lowers_the_eye_on_image_left(person: Identity) -> None:
    points = landmarks_at(person, (0, 0, 20))
    assert points[36:42, 1].mean() > points[42:48, 1].mean()


def test_mirrored_pose_gives_the_mirrored_picture(
    person: Identity, pool: list[Array], flat_light: Light
) -> None:
    black = [np.zeros((64, 64, 3), np.uint8)]
    straight = replace(person, skin=np.full_like(person.skin, 128),
                       streaks=np.ones_like(person.streaks),
                       cloth=np.full_like(person.cloth, 128))  # fmt: skip
    pictures = []
    for yaw, roll in ((25.0, 10.0), (-25.0, -10.0)):
        rng = np.random.default_rng(1)
        trunk = rotation_matrix(yaw / 2, 0, 0)
        view = replace(PLAIN, shift=0.0)
        picture = render_head(straight, (yaw, 5, roll), rng, 64, black, view, flat_light, trunk)
        pictures.append(picture.image.astype(int))
    difference = np.abs(pictures[0] - pictures[1][:, ::-1])
    assert difference.mean() < 2.0


def test_box_bounds_the_landmarks_and_fills_its_share(person: Identity, pool: list[Array]) -> None:
    for seed in range(8):
        picture = head(person, pool, (10.0 * seed - 40, 10, 5), seed)
        low, high = picture.box[:2], picture.box[2:]
        assert (picture.landmarks >= low - 0.01).all()
        assert (picture.landmarks <= high + 0.01).all()
        assert 0.449 * 64 < (high - low).max() < 0.851 * 64


def test_box_holds_the_head_and_not_the_neck(person: Identity) -> None:
    posed = pose_person(person, np.eye(3), np.eye(3))
    screen = projected(posed, Camera(1e4, 1e5, 0, 0))
    box = head_box(posed, screen)
    chin = screen[person.landmarks[8], 1]
    assert box[3] - chin < 0.15 * (box[3] - box[1])


def test_frontal_landmarks_are_seen_and_profiles_hide_half(
    person: Identity, pool: list[Array]
) -> None:
    frontal = head(person, pool, (0, 0, 0), fill=(0.8, 0.8), shift=0.0)
    assert frontal.visible[36:68].mean() > 0.8
    profile = head(person, pool, (80, 0, 0), fill=(0.8, 0.8), shift=0.0)
    # Turned to image right, the eye on image right goes behind the nose.
    assert profile.visible[36:42].mean() > profile.visible[42:48].mean()
    away = head(person, pool, (180, 0, 0), fill=(0.8, 0.8), shift=0.0)
    assert away.visible[17:68].mean() < 0.05


def test_landmarks_outside_of_the_image_are_not_visible(
    person: Identity, pool: list[Array]
) -> None:
    picture = head(person, pool, (0, 0, 0), fill=(1.8, 1.8))
    outside = ((picture.landmarks < 0) | (picture.landmarks >= 64)).any(1)
    assert outside.any()
    assert not picture.visible[outside].any()


def test_occluders_hide_landmarks(person: Identity, pool: list[Array]) -> None:
    def seen(occluder: float) -> int:
        return sum(
            int(head(person, pool, (0, 0, 0), seed, occluder=occluder).visible.sum())
            for seed in range(6)
        )

    assert seen(1.0) < seen(0.0)


def test_trunk_takes_a_part_of_the_yaw() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        nose = torso_rotation(rng, 60, 0, 0) @ [0, 0, 1]
        assert -0.1 <= np.degrees(np.arctan2(nose[0], nose[2])) <= 42.1
