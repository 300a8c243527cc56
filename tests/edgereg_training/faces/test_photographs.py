"""The sets of photographs, read from their own layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edgereg_training.faces.photographs import HAND_SET, age_interval, fairface, hand_set, london
from edgereg_training.faces.zero import MEDIAPIPE_PITCH
from edgereg_training.loop.errors import TrainingError


def test_ages_are_intervals() -> None:
    assert age_interval("20-29") == (19.5, 29.5)
    assert age_interval("0-2") == (-0.5, 2.5)
    assert age_interval("70+") == (69.5, 100)


def test_fairface_has_what_is_known_and_no_more(fairface_folder: Path) -> None:
    faces = fairface(fairface_folder, "val")
    assert len(faces) == 6
    known = np.isfinite(faces.labels.points).all((1, 2))
    assert known.sum() == 3
    assert np.allclose(faces.labels.pose[known][:, :, 0], [30, MEDIAPIPE_PITCH, 0], atol=1e-3)
    assert np.isnan(faces.labels.pose[~known]).all()
    assert np.isfinite(faces.labels.age).all()
    assert set(faces.groups["age"]) == {"0-2", "20-29", "70+"}
    # Pictures and labels go together.
    for image, file in zip(faces.images, faces.files, strict=True):
        assert image[0, 0, 0] == 10 * int(Path(file).stem)


def test_parts_of_fairface_do_not_overlap(fairface_folder: Path) -> None:
    first = fairface(fairface_folder, "train", slice(4)).files
    rest = fairface(fairface_folder, "train", slice(4, None)).files
    assert len(first) == 4
    assert len({*first, *rest}) == 12


def test_pseudo_labels_weigh_less_along_the_jaw(fairface_folder: Path) -> None:
    labels = fairface(fairface_folder, "train").labels
    row = int(np.flatnonzero(np.isfinite(labels.points[:, 0, 0]))[0])
    assert labels.point_weight[row, 0] < labels.point_weight[row, 30] < 1


def test_london_persons_are_either_learnt_or_tested(london_folder: Path) -> None:
    train, test = london(london_folder, "train"), london(london_folder, "test")
    persons = [{Path(file).stem for file in faces.files} for faces in (train, test)]
    assert persons[0].isdisjoint(persons[1])
    assert len(persons[0] | persons[1]) == 6


def test_a_profile_says_that_it_is_one(london_folder: Path) -> None:
    faces = london(london_folder, "train")
    profile = faces.groups["view"] == "left_profile"
    low, high = faces.labels.pose[profile][0, 0]
    assert low < high < -60
    assert np.isnan(faces.labels.pose[profile][:, 1:]).all()
    assert np.isnan(faces.labels.points[profile]).all()


def test_years_are_exact(london_folder: Path) -> None:
    faces = london(london_folder, "train")
    years = [20 + int(Path(file).stem[:3]) for file in faces.files]
    assert np.allclose(faces.labels.age, np.array(years)[:, None])


def test_points_set_by_hand(london_folder: Path) -> None:
    faces = london(london_folder, "test")
    rows, points = hand_set(london_folder, faces.files)
    assert {faces.groups["view"][row] for row in rows} == {"front"}
    place = list(HAND_SET).index(36)
    assert points[0, place] == pytest.approx([18 * 384 / 1350, 36 * 384 / 1350])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"labels\.csv"):
        fairface(tmp_path, "val")
