"""Progress from a recipe to a model folder that runs: rendered activities in Breakfast's layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edgereg_training.data.dataset import DataSetError
from edgereg_training.loop.errors import RecipeError, TrainingError
from edgereg_training.loop.loop import train
from edgereg_training.loop.problem import recipe_on
from edgereg_training.loop.recipe import Recipe
from edgereg_training.progress.activities import write_activities
from edgereg_training.progress.clips import augmented, read_clip, together, videos
from edgereg_training.progress.problem import by_person, problem

NETWORK = {
    "size": 16, "memory": 8, "longest": 12,
    "backbone": {"name": "edge-xs", "widths": [4, 8], "features": 8},
}  # fmt: skip


@pytest.fixture(scope="module")
def activities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("progress") / "activities"
    # Two persons of the test, and more to train on.
    return write_activities(folder, 8, 0, 24, 32, lambda done, total: None, range(14, 22))


def recipe(folder: Path, **options: object) -> Recipe:
    method = {"name": "regcls", "regression": {"name": "direct", "loss": "l2"}, "classes": 8}
    usual = {"data": [str(folder)], **NETWORK, "validation_share": 0.4, "method": method}
    return Recipe(problem="progress", epochs=1, batch_size=2, options={**usual, **options})


def test_clips_that_were_begun_are_completed(activities: Path) -> None:
    (video,) = activities.glob("P15/cam01/*.avi")
    before = video.stat().st_size
    video.unlink()
    write_activities(activities, 8, 0, 24, 32, lambda done, total: None, range(14, 22))
    assert video.stat().st_size == before
    assert not (activities / "part.avi").exists()


def test_persons_are_kept_apart(activities: Path) -> None:
    assert {person for _, person in videos(activities, "s1-test")} == {"P14", "P15"}
    rest = videos(activities, "s1-train")
    first, last = by_person(rest, 0.4)
    assert {video.parents[1].name for video in last} == {"P20", "P21"}
    assert len(first) + len(last) == len(rest) == 6
    with pytest.raises(TrainingError, match="one person"):
        by_person(rest[:1], 0.4)


def test_a_clip_is_read_at_its_rate_from_0_to_100(activities: Path) -> None:
    (video, _), *_ = videos(activities, "s1-test")
    two, ten = read_clip(video, 2.0, 16), read_clip(video, 10.0, 16)
    assert two.frames.shape[1:] == (16, 16, 3)
    assert len(two) == -(-len(ten) // 5)
    assert (ten.progress[0], ten.progress[-1]) == (0, pytest.approx(100))
    np.testing.assert_allclose(two.progress, ten.progress[::5], rtol=1e-5)
    assert two.seconds == pytest.approx(len(ten) / 10)


def test_clips_of_other_lengths_are_filled_up(activities: Path) -> None:
    clips = problem(recipe(activities)).train[:3]
    lengths = [min(len(clip), 12) for clip in clips]
    batch = together([(clip.frames[:12], clip.progress[:12]) for clip in clips])
    assert np.isfinite(batch.progress).sum(axis=1).tolist() == lengths
    seen = augmented(clips, 12, True, np.random.default_rng(0))
    assert seen.frames.shape[1] == seen.progress.shape[1] <= 12


def test_the_memory_knows_nothing_of_frames_to_come(activities: Path) -> None:
    made = problem(recipe(activities))
    torch.manual_seed(0)
    net = made.build().eval()
    frames = torch.from_numpy(made.train[0].frames[None, :6])
    changed = frames.clone()
    changed[:, 4:] = 255 - changed[:, 4:]
    with torch.no_grad():
        first, second = net.memories(frames), net.memories(changed)
    torch.testing.assert_close(first[:, :4], second[:, :4])
    assert not torch.allclose(first[:, 4:], second[:, 4:])


def test_trained_exported_and_measured(activities: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from edgereg_exporters.export import Description, export_model
    from edgereg_training.progress.evaluation import measure

    chosen = recipe(activities)
    state = train(problem(chosen), chosen, tmp_path / "run")
    assert {"mae", "rmse", "coverage90"} <= set(state.metrics)
    written = export_model(tmp_path / "run", tmp_path / "model", Description("progress"))
    spec = written.folder.spec
    assert sorted(spec.graphs) == ["density", "predict", "remember"]
    assert (spec.settings["rate"], spec.settings["memory"]) == (2, 8)
    found = measure(written.folder, activities, lambda done, total: None)
    figures = {figure.name: figure.value for figure in found}
    assert 0 < figures["mae"] < 100
    change = figures["mae"] - figures["mae_clock"]
    assert figures["mae_change"] == pytest.approx(change, abs=1e-3)
    assert 0 <= figures["coverage90"] <= 1


def test_what_is_wrong_is_told(activities: Path, tmp_path: Path) -> None:
    assert recipe_on(recipe(activities), [tmp_path]).options["data"] == [str(tmp_path)]
    with pytest.raises(DataSetError, match=r"Expected P03/cam01.*an empty folder"):
        _ = problem(recipe(tmp_path)).train
    with pytest.raises(RecipeError, match=r"unknown key 'options\.video'"):
        problem(recipe(activities, video="x"))
    large = problem(recipe(activities).model_copy(update={"batch_size": 64}))
    with pytest.raises(TrainingError, match="less than one batch"):
        large.steps()
