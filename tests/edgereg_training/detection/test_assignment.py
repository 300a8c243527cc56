"""Which anchor points learn which head."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from edgereg_training.detection.assignment import HeadLabels, assign  # noqa: E402
from edgereg_training.detection.network import RawDetections  # noqa: E402


def _raw(size: int = 64, reach: float = 12.0) -> RawDetections:
    """A grid of stride 8 whose every point predicts a box of `reach` to each side."""
    cells = size // 8
    axis = (torch.arange(cells) + 0.5) * 8
    points = torch.stack([axis.repeat(cells), axis.repeat_interleave(cells)], dim=1)
    boxes = torch.cat([points - reach, points + reach], dim=1)[None]
    count = cells**2
    return RawDetections(
        torch.zeros(1, count), boxes, points, torch.full((count,), 8.0), torch.zeros(1, 1, 8, 8)
    )


def _labels(*boxes: tuple[float, ...], ignored: tuple[bool, ...] = ()) -> HeadLabels:
    flags = torch.tensor([ignored or (False,) * len(boxes)])
    return HeadLabels(torch.tensor([boxes]), torch.ones(1, len(boxes), dtype=torch.bool), flags)


def test_the_best_point_gets_the_best_overlap_as_its_quality() -> None:
    found = assign(_raw(), _labels((16.0, 16.0, 40.0, 40.0)))
    best = found.quality[0].argmax()
    assert found.quality.max().item() == pytest.approx(1.0, abs=1e-3)  # the point at (28, 28)
    assert _raw().points[best].tolist() == [28.0, 28.0]
    assert found.boxes[0, best].tolist() == [16.0, 16.0, 40.0, 40.0]


def test_points_outside_all_heads_are_background() -> None:
    raw = _raw()
    found = assign(raw, _labels((16.0, 16.0, 40.0, 40.0)))
    outside = ((raw.points < 16) | (raw.points > 40)).any(dim=1)
    assert found.quality[0, outside].max() == 0
    assert found.weight.min() == 1


def test_no_more_points_than_candidates() -> None:
    found = assign(_raw(), _labels((0.0, 0.0, 64.0, 64.0)), candidates=5)
    assert (found.quality > 0).sum() == 5


def test_a_sliver_between_all_points_takes_the_nearest() -> None:
    raw = _raw()
    found = assign(raw, _labels((0.0, 30.0, 1.0, 34.0)))
    taken = found.quality[0] > 0
    assert raw.points[taken].tolist() in ([[4.0, 28.0]], [[4.0, 36.0]], [[4.0, 28.0], [4.0, 36.0]])


def test_an_ignored_head_is_neither_head_nor_background() -> None:
    raw = _raw()
    found = assign(raw, _labels((16.0, 16.0, 40.0, 40.0), ignored=(True,)))
    inside = ((raw.points > 16) & (raw.points < 40)).all(dim=1)
    assert found.quality.max() == 0
    assert found.weight[0, inside].max() == 0
    assert found.weight[0, ~inside].min() == 1


def test_a_point_wanted_twice_goes_to_the_head_it_overlaps_more() -> None:
    raw = _raw()
    near, wide = (16.0, 16.0, 40.0, 40.0), (10.0, 10.0, 58.0, 58.0)
    found = assign(raw, _labels(near, wide))
    index = (raw.points == torch.tensor([28.0, 28.0])).all(dim=1)
    assert found.boxes[0, index].tolist() == [list(near)]


def test_padding_changes_nothing() -> None:
    alone = assign(_raw(), _labels((16.0, 16.0, 40.0, 40.0)))
    padded = _labels((16.0, 16.0, 40.0, 40.0), (0.0, 0.0, 60.0, 60.0))
    padded.valid[0, 1] = False
    torch.testing.assert_close(assign(_raw(), padded).quality, alone.quality)


def test_no_heads_at_all() -> None:
    labels = _labels((0.0, 0.0, 1.0, 1.0))
    labels.valid[:] = False
    assert assign(_raw(), labels).quality.max() == 0
