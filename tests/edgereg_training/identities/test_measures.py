"""IDF1, HOTA and switches against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from edgereg_training.identities.measures import Numbered, measure_identities
from hypothesis import given
from hypothesis import strategies as st


def at(*places: tuple[int, float]) -> Numbered:
    """Boxes 10 x 10 with their numbers, each at an x."""
    boxes = np.array([[x, 0, x + 10, 10] for _, x in places], np.float32).reshape(-1, 4)
    return Numbered(np.array([number for number, _ in places], np.int64), boxes)


TWO = [at((1, 0), (2, 100)) for _ in range(10)]


def test_the_truth_itself_under_other_numbers() -> None:
    found = measure_identities("a", TWO, [at((7, 0), (4, 100))] * 10)
    assert (found.idf1, found.hota, found.switches, found.overlap) == (1, 1, 0, 1)
    assert (found.boxes, found.found) == (20, 20)


def test_two_that_change_numbers_in_the_middle() -> None:
    mine = [at((1, 0), (2, 100))] * 5 + [at((2, 0), (1, 100))] * 5
    found = measure_identities("a", TWO, mine)
    assert found.switches == 2
    assert found.switches_per_1000 == 100
    # Each number agrees in 5 of 10 frames: IDTP 10 of 20 and 20.
    assert found.idf1 == pytest.approx(0.5)
    # All found, and each pair has 5 matches of 10 + 10 - 5 frames: AssA 1/3.
    assert found.detection == pytest.approx(1)
    assert found.association == pytest.approx(1 / 3)
    assert found.hota == pytest.approx(np.sqrt(1 / 3))


def test_one_who_gets_a_new_number_after_a_gap() -> None:
    truth = [at((1, 0))] * 10
    mine = [at((1, 0))] * 4 + [at()] * 2 + [at((2, 0))] * 4
    found = measure_identities("a", truth, mine)
    assert (found.switches, found.found) == (1, 8)
    # IDTP 4; 10 true and 8 given boxes.
    assert found.idf1 == pytest.approx(2 * 4 / 18)
    assert found.detection == pytest.approx(8 / 10)
    # Both pairs: 4 matches, 10 true, 4 given: 4 / 10.
    assert found.association == pytest.approx(0.4)


def test_the_same_number_after_a_gap_is_no_switch() -> None:
    mine = [at((1, 0))] * 4 + [at()] * 2 + [at((1, 0))] * 4
    assert measure_identities("a", [at((1, 0))] * 10, mine).switches == 0


def test_boxes_beside_the_truth() -> None:
    # Shifted by 2.5 of 10: IoU 0.6, so HOTA counts them up to the threshold .6, 12 of 19.
    found = measure_identities("a", [at((1, 0))] * 4, [at((1, 2.5))] * 4)
    assert found.overlap == pytest.approx(0.6)
    assert found.idf1 == 1
    assert found.hota == pytest.approx(12 / 19)
    # Shifted by 5: IoU 1/3, no match for IDF1.
    found = measure_identities("a", [at((1, 0))] * 4, [at((1, 5))] * 4)
    assert (found.idf1, found.found, found.switches) == (0, 0, 0)
    assert found.hota == pytest.approx(6 / 19)


def test_a_match_goes_on_though_another_fits_better() -> None:
    mine = [at((1, 0)), at((1, 1), (2, 0)), at((1, 0))]
    found = measure_identities("a", [at((1, 0))] * 3, mine)
    assert found.switches == 0


def test_nothing_found_and_nothing_there() -> None:
    found = measure_identities("a", TWO, [at()] * 10)
    assert (found.idf1, found.hota, found.switches, found.overlap) == (0, 0, 0, 0)
    assert measure_identities("a", [at()] * 3, [at()] * 3).idf1 == 1


def test_frames_that_are_not_as_many() -> None:
    with pytest.raises(ValueError, match="9 frames for 10 true ones"):
        measure_identities("a", TWO, TWO[:9])


@given(st.lists(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 60)), max_size=4), max_size=8))
def test_measures_stay_in_their_ranges(frames: list[list[tuple[int, float]]]) -> None:
    mine = [at(*dict(frame).items()) for frame in frames]
    truth = [at((1, 0), (2, 30))] * len(mine)
    found = measure_identities("a", truth, mine)
    for value in (found.idf1, found.hota, found.detection, found.association, found.overlap):
        assert 0 <= value <= 1 + 1e-9
    assert 0 <= found.switches <= found.found <= found.boxes
