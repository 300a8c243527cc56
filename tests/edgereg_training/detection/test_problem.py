"""The training problem, from shards to a checkpoint that can be exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from edgereg_training.detection.export import load_heads, model_fields
from edgereg_training.detection.network import DESIGNS
from edgereg_training.detection.problem import DetectionProblem, collate, detection_problem
from edgereg_training.detection.scene import scene_of
from edgereg_training.detection.scenes import Judged, load_scenes
from edgereg_training.loop.errors import RecipeError, TrainingError
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import Recipe
from edgereg_training.render.shards import SceneShardOptions, write_scene_shards


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "scenes"
    options = SceneShardOptions(out, 4, 96, 96, seed=3, people=2, head_size=(20, 50), empty=0.0)
    return write_scene_shards(options)


def _recipe(shards: Path, **options: object) -> Recipe:
    base = {"size": 64, "epoch_images": 4, "backdrops": 2}
    return Recipe(
        problem="detection",
        epochs=1,
        batch_size=2,
        threads=1,
        options={"train": [str(shards)], "val": [str(shards)], **base, **options},
    )


def test_scenes_are_read_with_their_boxes(shards: Path) -> None:
    scenes = load_scenes([shards, shards])
    assert len(scenes) == 8
    assert sum(len(scene.boxes) for scene in scenes.scenes) > 0
    for scene in scenes.scenes:
        assert scene.image.shape == (96, 96, 3)
        assert len(scene.ignored) == len(scene.boxes)


def test_heads_that_are_not_judged_are_ignored(shards: Path) -> None:
    def ignored(judged: Judged) -> int:
        scenes = load_scenes([shards], judged).scenes
        return sum(int(scene.ignored.sum()) for scene in scenes)

    assert ignored(Judged(visible=0.0)) == 0
    assert ignored(Judged(visible=0.0, side=500.0)) == ignored(Judged(visible=2.0)) > 0


def test_batches_depend_on_the_generator_only(shards: Path) -> None:
    made = detection_problem(_recipe(shards))
    first, second = (list(made.batches(0, np.random.default_rng(4))) for _ in range(2))
    assert len(first) == made.steps() == 2
    np.testing.assert_array_equal(first[1].images, second[1].images)
    np.testing.assert_array_equal(first[1].boxes, second[1].boxes)


def test_collate_pads_to_the_most_heads() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    one = scene_of(picture, np.array([[1, 2, 9, 9], [3, 3, 8, 8]]))
    batch = collate([one, scene_of(picture)])
    assert batch.boxes.shape == (2, 2, 4)
    assert batch.valid.tolist() == [[True, True], [False, False]]


def test_a_run_gives_a_checkpoint_to_export(shards: Path, tmp_path: Path) -> None:
    recipe = _recipe(shards)
    made = detection_problem(recipe)
    assert isinstance(made, DetectionProblem)
    state = train(made, recipe, tmp_path / "run")
    assert {"ap50", "ap75", "error"} <= state.metrics.keys()
    model, found = load_heads(tmp_path / "run")
    fields = model_fields(found)
    assert not model.training
    assert fields["features"] == ["features"]
    assert len(fields["refinement"]["step_length"]) == len(fields["targets"]) == 4


def test_an_unknown_option_is_named(shards: Path) -> None:
    with pytest.raises(RecipeError, match=r"options\.lenght"):
        detection_problem(_recipe(shards, lenght=3))


def test_a_size_that_no_mosaic_can_have_is_refused(shards: Path) -> None:
    with pytest.raises(RecipeError, match="size"):
        detection_problem(_recipe(shards, size=100))


def test_calibration_is_on_what_is_found_of_the_validation_scenes(
    shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = detection_problem(_recipe(shards))
    model = made.build().eval().requires_grad_(False)
    scenes = list(made.validation.scenes)

    class Jittered:
        """Finds every head of the scenes, two pixels beside it."""

        def __init__(self, _: object) -> None:
            self.row = 0

        def eval(self) -> Jittered:
            return self

        def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            boxes, scores = torch.zeros(len(images), 9, 4), torch.zeros(len(images), 9)
            for index in range(len(images)):
                truth = scenes[self.row].boxes
                boxes[index, : len(truth)] = torch.from_numpy(truth) + 2
                scores[index, : len(truth)] = 0.9
                self.row += 1
            height, width = images.shape[1] // 8, images.shape[2] // 8
            generator = torch.Generator().manual_seed(self.row)
            shape = (len(images), DESIGNS["slim"].features, height, width)
            return boxes, scores, torch.randn(shape, generator=generator)

    monkeypatch.setattr("edgereg_training.detection.validation.Predictor", Jittered)
    made.calibrate(model)
    factors = model.energy.get_buffer("factors")
    assert (factors != 1).all()


def test_where_nothing_is_found_nothing_is_calibrated(shards: Path) -> None:
    made = detection_problem(_recipe(shards, runtime={"score_threshold": 1.0}))
    model = made.build().eval().requires_grad_(False)
    with pytest.raises(TrainingError, match="nothing can be calibrated"):
        made.calibrate(model)
    assert (model.energy.get_buffer("factors") == 1).all()
