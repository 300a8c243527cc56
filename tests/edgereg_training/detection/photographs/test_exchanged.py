"""Others' faces and clothes on cut-out people."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from edgereg_training.detection.photographs.exchanged import (
    ExchangeSources,
    dressed,
    exchanged,
    prepare_exchanged,
    turned_away,
)
from edgereg_training.detection.photographs.labels import (
    LabelledPicture,
    read_labels,
    write_labels,
)

SIDE = 128
BOX = np.array([34, 14, 94, 90], np.float32)
SKIN, HAIR, FACE = (190, 150, 130), (60, 40, 20), (90, 60, 50)


def face_points(shift: float = 0.0, zoom: float = 1.0) -> np.ndarray:
    """68 points like a face's, about (64, 58)."""
    angle = np.linspace(0, np.pi, 17)
    jaw = np.stack([-26 * np.cos(angle), 30 * np.sin(angle)], 1)
    brows = np.stack([np.linspace(-20, 20, 10), np.full(10, -16)], 1)
    nose = np.concatenate(
        [np.stack([np.zeros(4), np.linspace(-10, 4, 4)], 1),
         np.stack([np.linspace(-6, 6, 5), np.full(5, 8)], 1)]
    )  # fmt: skip
    eye = np.array([[-5, -9], [-2, -11], [2, -11], [5, -9], [2, -7], [-2, -7]])
    eyes = [eye + np.array([x, 0]) for x in (-12, 12)]
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    mouth = np.stack([-9 * np.cos(turn), 18 + 4 * np.sin(turn)], 1)
    points = np.concatenate([jaw, brows, nose, *eyes, mouth])
    return (points * zoom + (64 + shift, 58 + shift)).astype(np.float32)


def person() -> np.ndarray:
    """RGBA: hair above, a face, a white shirt below."""
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    cv2.ellipse(image, (64, 52), (30, 38), 0, 0, 360, (*HAIR, 255), -1)
    cv2.ellipse(image, (64, 60), (26, 30), 0, 0, 360, (*SKIN, 255), -1)
    cv2.rectangle(image, (24, 96), (104, 127), (250, 250, 250, 255), -1)
    return image


def test_another_face_takes_the_place_of_the_own_one() -> None:
    picture = np.full((192, 192, 3), FACE, np.uint8)
    theirs = face_points(20.0, 1.4)
    found = exchanged(person(), face_points(), picture, theirs)
    np.testing.assert_array_equal(found[..., 3], person()[..., 3])
    np.testing.assert_allclose(found[62, 64, :3], FACE, atol=2)
    # What is left of the body has the light of the new face.
    shirt = found[115, 64, :3] / 250
    np.testing.assert_allclose(shirt, np.array(FACE) / SKIN, atol=0.03)


def test_clothes_change_and_the_head_does_not() -> None:
    cloth = np.full((8, 8, 3), (20, 200, 30), np.uint8)
    found = dressed(person(), 90.0, cloth)
    np.testing.assert_array_equal(found[:90], person()[:90])
    np.testing.assert_allclose(found[115, 64, :3], np.array([20, 200, 30]) * 250 / 235, atol=2)


def test_who_turns_away_shows_hair_where_the_face_was() -> None:
    found = turned_away(person(), face_points(), BOX, np.random.default_rng(0))
    np.testing.assert_array_equal(found[..., 3], person()[..., 3])
    middle = found[50:70, 54:74, :3].astype(float).mean((0, 1))
    assert np.abs(middle - HAIR).max() < 25
    np.testing.assert_array_equal(found[100:], person()[100:])


@pytest.fixture
def sources(tmp_path: Path) -> ExchangeSources:
    """A studio of one person seen from the front and in profile, and three photographs."""
    upright = np.eye(4, dtype=np.float32)[None]
    studio, faces, patterns = (tmp_path / name for name in ("studio", "faces", "patterns"))
    pictures = []
    for view in ("neutral_front", "neutral_left_profile"):
        path = tmp_path / "cut" / f"007-{view}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), cv2.cvtColor(person(), cv2.COLOR_RGBA2BGRA))
        pictures.append(LabelledPicture(path, BOX[None], np.zeros(1, bool)))
    write_labels(tmp_path / "cut" / "labels.json", pictures)
    studio.mkdir()
    np.savez(
        studio / "mediapipe_pseudo.npz",
        files=np.array(["neutral_front/007_03.jpg"]),
        points68=face_points()[None],
        transform4x4=upright,
    )
    (faces / "train").mkdir(parents=True)
    names = [f"train/{number}.png" for number in range(3)]
    for name in names:
        cv2.imwrite(str(faces / name), np.full((SIDE, SIDE, 3), FACE[::-1], np.uint8))
    np.savez(
        faces / "mediapipe_pseudo.npz",
        files=np.array([*names, "val/9.png"]),
        points68=np.tile(face_points(), (4, 1, 1)),
        transform4x4=np.tile(upright, (4, 1, 1)),
    )
    patterns.mkdir()
    cv2.imwrite(str(patterns / "a.jpg"), np.full((40, 40, 3), 90, np.uint8))
    return ExchangeSources(tmp_path / "cut" / "labels.json", studio, faces, patterns)


def test_the_set_is_whole_and_the_same_for_a_seed(sources: ExchangeSources, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare_exchanged(sources, tmp_path / name, 12, seed=3)
    labels = [json.loads((tmp_path / name / "labels.json").read_text()) for name in ("one", "two")]
    assert labels[0] == labels[1]
    read = read_labels(tmp_path / "one" / "labels.json")
    assert len(read) == 12
    again = read_labels(tmp_path / "two" / "labels.json")
    for ours, theirs in zip(read, again, strict=True):
        image = ours.read().image
        np.testing.assert_array_equal(image, theirs.read().image)
        assert image.shape == (256, 256, 4)
        np.testing.assert_allclose(ours.boxes[0], BOX * 2, atol=0.1)
    # A profile has no points, so it keeps its face; the others' faces are dark or turned away.
    faces = [p.read().image[116:140, 116:140, :3].mean() for p in read if "profile" in p.path.name]
    assert faces
    np.testing.assert_allclose(faces, np.mean(SKIN), atol=3)
    fronts = [p.read().image[116:140, 116:140, :3].mean() for p in read if "front" in p.path.name]
    assert max(fronts) < np.mean(SKIN) - 40
