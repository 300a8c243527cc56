"""The online classifier learns an object and keeps what it learnt from the first frame."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_tracking import classifier as c

CELLS, CHANNELS = 12, 8
MIDDLE = CELLS * c.STRIDE / 2


def scene(rng: np.random.Generator, *centres: tuple[float, float]) -> np.ndarray:
    """Features [CHANNELS, CELLS, CELLS]: noise, and one pattern about each centre (in cells)."""
    pattern = np.sin(np.arange(1, CHANNELS + 1) * 1.7)
    maps = rng.normal(0, 0.3, (CHANNELS, CELLS, CELLS))
    y, x = np.mgrid[:CELLS, :CELLS] + 0.5
    for cx, cy in centres:
        near = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 3)
        maps += 2 * pattern[:, None, None] * near
    return maps.astype(np.float32)


@pytest.fixture
def learnt() -> c.OnlineClassifier:
    rng = np.random.default_rng(0)
    centres = [(6.0, 6.0), (4.0, 7.0), (8.0, 5.0), (6.0, 6.0)]
    maps = np.stack([scene(rng, centre) for centre in centres])
    places = [(x * c.STRIDE, y * c.STRIDE) for x, y in centres]
    return c.learn_first(maps, places, spread=3.0 * c.STRIDE)


def test_labels_are_one_at_the_centre_and_fall_off() -> None:
    label = c.label_map([(MIDDLE, MIDDLE - c.STRIDE)], spread=4 * c.STRIDE, cells=CELLS)[0]
    assert label.shape == (CELLS + 1, CELLS + 1)
    assert label[CELLS // 2 - 1, CELLS // 2] == pytest.approx(1.0)
    # One cell off is one standard deviation: a quarter of four cells.
    assert label[CELLS // 2, CELLS // 2] == pytest.approx(np.exp(-0.5))


def test_the_object_is_found_where_it_went(learnt: c.OnlineClassifier) -> None:
    rng = np.random.default_rng(1)
    for centre in ((3.0, 3.0), (8.0, 6.0), (6.0, 9.0)):
        scores = learnt.scores(scene(rng, centre)[None])[0]
        row, column = np.unravel_index(scores.argmax(), scores.shape)
        assert abs(column - centre[0]) <= 1
        assert abs(row - centre[1]) <= 1
        assert scores.max() > 0.5
    assert learnt.scores(scene(rng)[None]).max() < 0.5


def test_memory_is_bounded_and_the_first_frame_keeps_its_share(
    learnt: c.OnlineClassifier,
) -> None:
    rng = np.random.default_rng(2)
    label = c.label_map([(MIDDLE, MIDDLE)], 3.0 * c.STRIDE, CELLS)[0]
    for _ in range(3 * c.MEMORY):
        learnt.remember(scene(rng, (6.0, 6.0)), label, c.LEARNING_RATE)
        assert learnt.weights.sum() == pytest.approx(1.0)
        assert learnt.weights[: learnt.first].sum() >= c.FIRST_SHARE - 1e-9
    assert learnt.count == len(learnt.samples) == c.MEMORY


def test_a_newer_sample_weighs_more(learnt: c.OnlineClassifier) -> None:
    rng = np.random.default_rng(3)
    label = c.label_map([(MIDDLE, MIDDLE)], 3.0 * c.STRIDE, CELLS)[0]
    for _ in range(20):
        learnt.remember(scene(rng, (6.0, 6.0)), label, c.LEARNING_RATE)
    later = learnt.weights[learnt.first : learnt.count]
    assert (np.diff(later) > 0).all()


def test_a_look_alike_is_unlearnt(learnt: c.OnlineClassifier) -> None:
    rng = np.random.default_rng(4)
    label = c.label_map([(4.0 * c.STRIDE, 6.0 * c.STRIDE)], 3.0 * c.STRIDE, CELLS)[0]
    other = scene(rng, (4.0, 6.0))
    rival = np.roll(scene(rng, (4.0, 6.0)), 1, axis=0)[:, :, ::-1] * 0.8
    both = other + rival
    before = learnt.scores(both[None])[0][5:8, 7:10].max()
    for _ in range(5):
        learnt.remember(both, label, c.HARD_RATE)
    for _ in range(5):
        learnt.learn()
    scores = learnt.scores(both[None])[0]
    assert scores[5:8, 7:10].max() < max(before, 0.3)
    assert scores[5:8, 3:6].max() > 0.5


def test_first_views_keep_the_object_at_their_centres() -> None:
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[28:36, 28:36] = 255
    for view in c.first_views(crop):
        x, y = view.centre
        assert view.image.shape == crop.shape
        assert view.image[int(y) - 2 : int(y) + 2, int(x) - 2 : int(x) + 2].mean() > 60
