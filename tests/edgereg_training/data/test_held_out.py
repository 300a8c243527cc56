"""What is held out of a list, and how many items each part may have."""

from __future__ import annotations

from edgereg_training.data.held_out import limits, without_last


def test_the_end_of_a_list_is_held_out_one_item_at_least() -> None:
    assert without_last("abcdefgh", 0.25) == (list("abcdef"), list("gh"))
    assert without_last("abc", 0.01) == (["a", "b"], ["c"])


def test_a_limit_is_divided_as_the_list_is() -> None:
    assert limits(8, 0.25) == (6, 2)
    assert limits(2, 0.01) == (2, 1)
    assert limits(None, 0.25) == (None, None)
