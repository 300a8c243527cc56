"""The detector of one's own objects: the graph's form against torchvision's, learning, figures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from edgereg_training.detection.objects.coco_figures import Found, average_precisions
from edgereg_training.detection.objects.pictures import Picture, augmented, collate
from edgereg_training.detection.objects.problem import detect_all, problem, with_data
from edgereg_training.detection.objects.rcnn import ObjectsModel, Predictor
from edgereg_training.detection.objects.suppression import by_class, guided
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.loop import train
from edgereg_training.loop.recipe import Recipe

TINY = "mobilenetv3_small_050"


@pytest.fixture(scope="module")
def model() -> ObjectsModel:
    torch.manual_seed(0)
    made = ObjectsModel(TINY, False, classes=2, channels=16, hidden=32, features=8)
    return made.eval().requires_grad_(False)


def test_anchors_and_moves_are_torchvisions(model: ObjectsModel) -> None:
    maps = model.maps(torch.randint(0, 255, (1, 64, 96, 3), dtype=torch.uint8))
    rpn = model.detector.rpn
    from torchvision.models.detection.image_list import ImageList

    images = ImageList(torch.zeros(1, 3, 64, 96), [(64, 96)])
    (expected,) = rpn.anchor_generator(images, list(maps.values()))
    predictor = Predictor(model)
    ours = torch.cat([predictor._anchors(k, m) for k, m in enumerate(maps.values())])
    torch.testing.assert_close(ours, expected)


def test_classification_of_given_boxes_is_torchvisions(model: ObjectsModel) -> None:
    maps = model.maps(torch.randint(0, 255, (1, 64, 96, 3), dtype=torch.uint8))
    boxes = torch.tensor([[4.0, 5, 40, 50], [20, 10, 90, 60]]).repeat(60, 1)[:90]
    heads = model.detector.roi_heads
    found, scores, labels = Predictor(model).classified(maps["0"], boxes[None])
    pooled = heads.box_roi_pool(maps, [boxes], [(64, 96)])
    logits, moves = heads.box_predictor(heads.box_head(pooled))
    expected = logits.softmax(-1)[:, 1:]
    torch.testing.assert_close(scores[0], expected.flatten().sort(descending=True).values[:100])
    decoded = heads.box_coder.decode(moves, [boxes])
    place = (expected == scores[0, 0]).nonzero()[0]
    torch.testing.assert_close(found[0, 0], decoded[place[0], place[1] + 1])
    assert labels[0, 0] == place[1]


def drawn(folder: Path, count: int = 16) -> Path:
    """Bright discs and dark bars, with COCO's annotations."""
    import json

    rng = np.random.default_rng(3)
    images, notes = [], []
    (folder / "images").mkdir(parents=True)
    for k in range(count):
        image = np.full((64, 96, 3), 120, np.uint8)
        x, y = int(rng.integers(16, 80)), int(rng.integers(16, 48))
        cv2.circle(image, (x, y), 12, (250, 240, 60), -1)
        cv2.imwrite(str(folder / "images" / f"{k}.png"), image)
        images.append({"id": k, "file_name": f"{k}.png"})
        notes.append({"id": k, "image_id": k, "category_id": 1, "bbox": [x - 12, y - 12, 24, 24]})
    kinds = [{"id": 1, "name": "disc"}]
    text = json.dumps({"images": images, "annotations": notes, "categories": kinds})
    (folder / "boxes.json").write_text(text)
    return folder


def test_a_picture_with_fewer_anchors_than_proposals_repeats_its_best(model: ObjectsModel) -> None:
    tiny = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    with torch.no_grad():
        boxes, scores, labels, _ = Predictor(model)(tiny)
        found = Predictor(model).proposals(model.maps(tiny), 32, 32)
    assert boxes.shape == (2, 100, 4)
    assert scores.shape == labels.shape == (2, 100)
    assert found.shape == (2, 160, 4)
    for boxes_of_one in found:
        assert boxes_of_one[-1].equal(boxes_of_one[0])
        assert 1 < len(boxes_of_one.unique(dim=0)) < 160


def test_a_training_learns_and_is_kept(tmp_path: Path) -> None:
    recipe = with_data(
        Recipe(problem="objects", epochs=1, batch_size=4, threads=1, options={
            "long_side": 96, "backbone": TINY, "pretrained": False, "channels": 16,
        }),
        [drawn(tmp_path / "data")],
    )  # fmt: skip
    assert recipe.options["classes"] == ["disc"]
    made = problem(recipe)
    state = train(made, recipe, tmp_path / "run")
    assert set(state.metrics) == {"ap", "ap50", "ap75", "error"}
    found = detect_all(Predictor(made.build().eval()), made.validation[:1], 0.5)
    assert len(found[0].truth) == 1


def test_calibration_is_on_the_validation_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = with_data(
        Recipe(problem="objects", epochs=1, batch_size=4, threads=1, options={
            "long_side": 96, "backbone": TINY, "pretrained": False, "channels": 16,
        }),
        [drawn(tmp_path / "data")],
    )  # fmt: skip
    made = problem(recipe)
    net = made.build().eval().requires_grad_(False)
    truth = [picture.boxes for picture in made.validation]

    class Beside:
        """Finds every object, three pixels too far down."""

        def __init__(self, model: ObjectsModel) -> None:
            self.model, self.left = model, list(truth)

        def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            boxes = torch.from_numpy(self.left.pop(0)) + torch.tensor([0.0, 3, 0, 3])
            features = self.model.energy_features(self.model.maps(images)["0"])
            one = torch.ones(1, len(boxes))
            return boxes[None], one, torch.zeros(1, len(boxes), dtype=torch.int64), features

    monkeypatch.setattr("edgereg_training.detection.objects.problem.Predictor", Beside)
    made.calibrate(net)
    x1, y1, x2, y2 = net.energy.get_buffer("factors").tolist()
    assert min(y1, y2) > max(x1, x2)


def test_other_classes_than_the_recipes_are_refused(tmp_path: Path) -> None:
    recipe = Recipe(problem="objects", epochs=1, options={
        "data": str(drawn(tmp_path / "data")), "classes": ["square"],
    })  # fmt: skip
    with pytest.raises(RecipeError, match="is annotated with disc: set 'classes"):
        _ = problem(recipe).pictures


def test_augmentation_keeps_boxes_on_their_objects() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[20:40, 30:60] = 255
    boxes = np.array([[30, 20, 60, 40]], np.float32)
    rng = np.random.default_rng(0)
    for _ in range(20):
        seen = augmented(Picture(image, boxes, np.zeros(1, np.int64)), True, rng)
        bright = np.argwhere(seen.image.mean(2) > 150)
        low, high = bright.min(0)[::-1], bright.max(0)[::-1] + 1
        np.testing.assert_allclose(seen.boxes[0], [*low, *high], atol=1.6)


def test_pictures_of_several_sizes_make_one_batch() -> None:
    sizes = ((30, 50), (64, 40))
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    batch = collate([Picture(np.ones((*s, 3), np.uint8), *none) for s in sizes])
    assert batch.images.shape == (2, 64, 64, 3)
    assert (batch.images[0, :30, :50] == 1).all()
    assert (batch.images[0, 30:] == 114).all()


def test_average_precision_of_known_detections() -> None:
    truth = np.array([[0, 0, 10, 10], [20, 20, 40, 40]], np.float32)
    shifted = truth + np.array([0, 0, 2, 0], np.float32)  # IoU 10 / 12 and 20 / 22
    found = Found(shifted, np.array([0.9, 0.8]), np.array([0, 1]), truth, np.array([0, 1]))
    figures = average_precisions([found], ("a", "b"))
    assert figures["ap50"] == pytest.approx(1.0)
    assert figures["ap_a"] == pytest.approx(0.7)
    assert figures["ap_b"] == pytest.approx(0.9)
    wrong = Found(shifted, np.array([0.9, 0.8]), np.array([1, 0]), truth, np.array([0, 1]))
    assert average_precisions([wrong], ("a", "b"))["ap"] == 0
    nothing = Found(truth[:0], np.zeros(0), np.zeros(0, int), truth, np.array([0, 1]))
    assert average_precisions([nothing], ("a", "b"))["ap50"] == 0


def test_what_leads_the_suppression_decides_and_scores_are_handed_on() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10]], np.float32)
    scores, labels = np.array([0.9, 0.6, 0.5], np.float32), np.array([0, 0, 1])
    assert by_class(boxes, scores, labels, 0.5).tolist() == [0, 2]
    kept, said = guided(boxes, np.array([0.0, 5.0, 1.0]), scores, labels, 0.5)
    assert kept.tolist() == [1, 2]
    assert said.tolist() == [np.float32(0.9), np.float32(0.5)]
