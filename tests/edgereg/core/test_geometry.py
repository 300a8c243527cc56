"""Geometry against closed forms, and properties that must hold for any box or angle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgereg.core import geometry

finite = st.floats(-500, 500, width=32)
boxes_strategy = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(4)), elements=finite)
angles = hnp.arrays(np.float64, 3, elements=st.floats(-180, 180))


def ramp(width: int = 40, height: int = 30) -> np.ndarray:
    """Red grows by 4 a pixel to the right, green by 5 downwards."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = 4 * np.arange(width)
    image[..., 1] = 5 * np.arange(height)[:, None]
    return image


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 2, 2], [1, 1, 1, 1]], np.float32)
    b = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6]], np.float32)
    assert np.allclose(geometry.box_iou(a, b), [[1 / 3, 1, 0], [0, 0, 0]])


@given(boxes_strategy)
def test_iou_is_symmetric_and_bounded(boxes: np.ndarray) -> None:
    overlap = geometry.box_iou(boxes, boxes)
    assert np.allclose(overlap, overlap.T)
    assert ((overlap >= 0) & (overlap <= 1 + 1e-9)).all()


def test_iou_without_boxes() -> None:
    assert geometry.box_iou(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)


def test_nms_keeps_the_best_of_each_cluster() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    assert geometry.nms(boxes, np.array([0.6, 0.9, 0.7]), 0.5).tolist() == [1, 2]


@given(boxes_strategy, st.floats(0.1, 0.9))
def test_nms_leaves_no_overlap_and_is_idempotent(boxes: np.ndarray, limit: float) -> None:
    scores = np.linspace(1, 0.1, len(boxes))
    kept = geometry.nms(boxes, scores, limit)
    overlap = geometry.box_iou(boxes[kept], boxes[kept])
    np.fill_diagonal(overlap, 0)
    assert (overlap <= limit).all()
    assert len(geometry.nms(boxes[kept], scores[kept], limit)) == len(kept)


@given(boxes_strategy)
def test_clipped_boxes_lie_in_the_frame(boxes: np.ndarray) -> None:
    clipped = geometry.clip_boxes(boxes, 64, 48)
    assert (clipped >= 0).all()
    assert (clipped <= [64, 48, 64, 48]).all()


def test_a_whole_pixel_crop_is_a_copy() -> None:
    frame = ramp()
    images, origin, scale = geometry.square_crops(frame, np.array([[5, 7, 13, 15]]), 8, 1.0)
    assert np.array_equal(images[0], frame[7:15, 5:13])
    assert origin.tolist() == [[5, 7]]
    assert scale.tolist() == [[1, 1]]


def test_a_crop_by_half_a_pixel_lies_between() -> None:
    images, origin, _ = geometry.square_crops(ramp(), np.array([[5.5, 7, 13.5, 15]]), 8, 1.0)
    assert origin.tolist() == [[5.5, 7]]
    assert np.allclose(images[0, :, :, 0], 4 * (np.arange(8) + 5.5), atol=1)


@settings(deadline=None)
@given(st.floats(12, 22), st.floats(12, 18), st.floats(6, 16), st.sampled_from([4, 8, 16, 24]))
def test_the_mapping_of_a_crop_is_exact(x: float, y: float, side: float, size: int) -> None:
    """On a linear ramp a pixel's value tells where it was sampled, whatever the resampling."""
    box = np.array([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]])
    images, origin, scale = geometry.square_crops(ramp(), box, size, 1.0)
    inside = slice(1, size - 1)
    centres = (np.arange(size) + 0.5) / scale[0, 0] + origin[0, 0]
    expected = 4 * (centres - 0.5)
    shown = images[0, size // 2, :, 0].astype(float)
    assert np.allclose(shown[inside], expected[inside], atol=1.1)


def test_a_shrunk_crop_is_an_average() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    images, _, _ = geometry.square_crops(stripes, np.array([[0, 0, 64, 64]]), 16, 1.0)
    assert np.allclose(images, 100, atol=1)


def test_outside_the_frame_the_border_is_replicated() -> None:
    images, _, _ = geometry.square_crops(ramp(), np.array([[-20, -20, -10, -10]]), 4, 1.0)
    assert (images == ramp()[0, 0]).all()


def test_crop_scale_widens_the_square() -> None:
    _, origin, scale = geometry.square_crops(ramp(), np.array([[10, 10, 20, 14]]), 24, 1.2)
    assert np.allclose(origin, [[9, 6]])
    assert np.allclose(scale, 2)


@pytest.mark.parametrize("box", [[5, 5, 5, 5], [9, 9, 3, 3], [1e6, 1e6, 1e6, 1e6]])
def test_degenerate_boxes_give_a_crop(box: list[float]) -> None:
    images, _, scale = geometry.square_crops(ramp(), np.array([box]), 8, 1.2)
    assert images.shape == (1, 8, 8, 3)
    assert np.allclose(scale, 8)


def test_crops_of_no_boxes() -> None:
    images, origin, scale = geometry.square_crops(ramp(), np.zeros((0, 4)), 8, 1.2)
    assert (images.shape, origin.shape, scale.shape) == ((0, 8, 8, 3), (0, 2), (0, 2))


def test_crops_refuse_what_has_no_place() -> None:
    with pytest.raises(ValueError, match="not finite"):
        geometry.square_crops(ramp(), np.array([[0, 0, np.nan, 1]]), 8, 1.0)
    with pytest.raises(ValueError, match="without pixels"):
        geometry.square_crops(np.zeros((0, 4, 3), np.uint8), np.zeros((1, 4)), 8, 1.0)


def test_letterbox_scales_down_and_pads() -> None:
    image, scale = geometry.letterbox(np.full((50, 100, 3), 7, np.uint8), 64, 32)
    assert image.shape == (32, 64, 3)
    assert scale == (0.64, 0.64)
    image, _ = geometry.letterbox(np.full((40, 100, 3), 7, np.uint8), 64, 32)
    assert (image[:26] == 7).all()
    assert (image[26:] == geometry.PADDING).all()


def test_letterbox_never_enlarges() -> None:
    image, scale = geometry.letterbox(ramp(), 640, 32)
    assert image.shape == (32, 64, 3)
    assert scale == (1.0, 1.0)
    assert np.array_equal(image[:30, :40], ramp())


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 64), st.sampled_from([1, 8, 32]))
def test_letterbox_holds_its_promises(width: int, height: int, side: int, multiple: int) -> None:
    image, (sx, sy) = geometry.letterbox(np.zeros((height, width, 3), np.uint8), side, multiple)
    assert image.shape[0] % multiple == image.shape[1] % multiple == 0
    assert max(sx * width, sy * height) <= side + 1e-9
    assert sx * width <= image.shape[1] + 1e-9
    assert sy * height <= image.shape[0] + 1e-9


def test_letterbox_refuses_an_empty_frame() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        geometry.letterbox(np.zeros((0, 5, 3), np.uint8), 64)


def test_directions_of_the_angles() -> None:
    nose, crown = np.array([0, 0, 1.0]), np.array([0, 1.0, 0])
    assert (geometry.rotation_matrix([30, 0, 0]) @ nose)[0] > 0.4  # yaw: to image right
    assert (geometry.rotation_matrix([0, 30, 0]) @ nose)[1] < -0.4  # pitch: down
    assert (geometry.rotation_matrix([0, 0, 30]) @ crown)[0] < -0.4  # roll: crown to the left


@given(angles)
def test_rotations_are_rotations(triple: np.ndarray) -> None:
    matrix = geometry.rotation_matrix(triple)
    assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.isclose(np.linalg.det(matrix), 1)


def test_rotations_are_stacked() -> None:
    triples = np.array([[10, 20, 30], [-5, 0, 90]])
    matrices = geometry.rotation_matrix(triples)
    assert matrices.shape == (2, 3, 3)
    assert np.allclose(matrices[1], geometry.rotation_matrix(triples[1]))


def test_axis_tips_of_an_unturned_head() -> None:
    tips = geometry.axis_tips([[0, 0, 0]], [[100, 50]], 10)
    assert np.allclose(tips, [[[110, 50], [100, 60], [100, 50]]], atol=1e-5)


def test_axis_tips_follow_the_nose() -> None:
    tips = geometry.axis_tips([[90, 0, 0], [0, 90, 0]], [[0, 0], [0, 0]], [10, 20])
    assert np.allclose(tips[0, 2], [10, 0], atol=1e-5)
    assert np.allclose(tips[1, 2], [0, 20], atol=1e-5)


def test_a_band_is_cut_by_shares_and_averaged() -> None:
    frame = np.zeros((40, 60, 3), np.uint8)
    frame[10:20] = 100
    image, top, bottom = geometry.band(frame, (0.25, 0.75), (30, 10))
    assert (top, bottom) == (10, 30)
    assert image.shape == (10, 30, 3)
    assert (image[:5] == 100).all()
    assert (image[5:] == 0).all()


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 1.0), (0.2, 1.2)])
def test_no_band_outside_the_frame(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="no band"):
        geometry.band(np.zeros((10, 10, 3), np.uint8), shares, (4, 4))
