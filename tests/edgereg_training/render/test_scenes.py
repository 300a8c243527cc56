"""Scenes: boxes, visible shares, empty scenes."""

from __future__ import annotations

import numpy as np
from edgereg_training.render.identity import Identity
from edgereg_training.render.negatives import KINDS, draw_negative
from edgereg_training.render.roads import draw_road
from edgereg_training.render.scenes import SceneView, render_scene


def test_same_seed_same_scene(people: list[Identity]) -> None:
    a, b = (render_scene(people, [3, 1], 96, 64) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.boxes, b.boxes)


def test_labels_are_consistent(people: list[Identity]) -> None:
    heads = 0
    for seed in range(12):
        scene = render_scene(people, seed, 128, 96, SceneView(empty=0.0))
        heads += len(scene.boxes)
        assert scene.image.shape == (96, 128, 3)
        assert scene.boxes.shape == (len(scene.pose), 4)
        assert (scene.boxes >= 0).all()
        assert (scene.boxes <= [128, 96, 128, 96]).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()
        assert ((scene.visible > 0) & (scene.visible <= 1)).all()
        assert set(scene.identity) <= {0, 1, 2, 3}
        assert (np.abs(scene.pose) <= 180).all()
    assert heads > 12


def test_empty_scenes_have_no_heads(people: list[Identity]) -> None:
    for seed in range(4):
        scene = render_scene(people, seed, 64, 64, SceneView(empty=1.0))
        assert scene.boxes.shape == (0, 4)
        assert scene.pose.shape == (0, 3)


def test_nearer_people_hide_farther_ones(people: list[Identity]) -> None:
    view = SceneView(empty=0.0, size=(30, 90), effects=False)
    shares = [s for seed in range(20) for s in render_scene(people, seed, 96, 96, view).visible]
    assert min(shares) < 0.7
    assert max(shares) > 0.95


def test_head_sizes_keep_to_their_range(people: list[Identity]) -> None:
    view = SceneView(empty=0.0, heads=1, size=(20, 24))
    for seed in range(8):
        for box in render_scene(people, seed, 128, 128, view).boxes:
            assert max(box[2] - box[0], box[3] - box[1]) < 24.1


def test_roads_and_negatives_stay_pictures() -> None:
    rng = np.random.default_rng(2)
    road = draw_road(rng, 48, 64)
    assert road.shape == (48, 64, 3)
    assert road.std() > 5
    canvas = np.zeros((48, 64, 3), np.float32)
    for _ in range(4 * len(KINDS)):
        draw_negative(rng, canvas)
    assert np.isfinite(canvas).all()
    assert canvas.max() > 0.05
