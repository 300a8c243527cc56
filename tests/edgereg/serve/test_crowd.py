"""Many pages look more slowly, so that all together look no more often than the bound says."""

from __future__ import annotations

import pytest

from edgereg.serve.crowd import LOOKS_S, SLOWEST, Crowd


def looked(crowd: Crowd, now: list[float], pages: int, seconds: float) -> float:
    """Looks a second of so many pages that do as they are told, over the last third of a time."""
    due = [page / pages for page in range(pages)]
    end, looks = now[0] + seconds, 0
    due = [now[0] + each for each in due]
    while (page := min(range(pages), key=due.__getitem__)) is not None and due[page] < end:
        now[0] = due[page]
        crowd.look()
        looks += now[0] > end - seconds / 3
        due[page] += crowd.slower
    return looks / (seconds / 3)


@pytest.mark.parametrize("pages", [1, 10, 40])
def test_few_pages_look_every_second(pages: int) -> None:
    now = [0.0]
    crowd = Crowd(lambda: now[0])
    assert looked(crowd, now, pages, 30) == pytest.approx(pages, rel=0.2)


@pytest.mark.parametrize("pages", [100, 200, 1000])
def test_many_share_what_there_is(pages: int) -> None:
    now = [0.0]
    crowd = Crowd(lambda: now[0])
    assert looked(crowd, now, pages, 240) == pytest.approx(LOOKS_S, rel=0.2)
    assert crowd.slower <= SLOWEST
    assert looked(crowd, now, 10, 120) == pytest.approx(10, rel=0.2)  # the others have left
