"""A few seconds of fuzzing in every test run; `python -m tests.fuzz` goes on for hours."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.campaign import campaign, content_of
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import targets

CASES = 150


def test_mutations_repeat_and_differ() -> None:
    content = b'{"a": [1, 2, 3]}' * 10
    made = [mutated(content, random.Random(seed), text=True) for seed in range(50)]  # noqa: S311
    again = [mutated(content, random.Random(seed), text=True) for seed in range(50)]  # noqa: S311
    assert made == again
    assert len(set(made)) > 45


def test_unmutated_files_are_read(tmp_path: Path) -> None:
    """Else every mutation would be refused for the wrong reason."""
    known = targets(tmp_path / "seeds")
    assert len([target for target in known if target.name.startswith("media")]) >= 18
    for target in known:
        if target.name in ("recipe", "record.json"):
            continue
        for name, content in target.seeds.items():
            path = tmp_path / name
            path.write_bytes(content)
            target.read(path)


@pytest.mark.timeout(170)
def test_a_few_seconds_find_nothing(tmp_path: Path) -> None:
    assert list(campaign(tmp_path, range(CASES))) == []


def test_a_case_can_be_made_again(tmp_path: Path) -> None:
    target = targets(tmp_path, "plugins.json")[0]
    assert content_of(target, 7) == content_of(target, 7)
