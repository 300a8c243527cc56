"""Depth from a recipe to a model folder that runs: rendered rooms in NYUD2-DIR's layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edgereg_training.data.dataset import DataSetError
from edgereg_training.depth.pictures import at_middles, augmented
from edgereg_training.depth.problem import problem
from edgereg_training.depth.rooms import write_rooms
from edgereg_training.loop.errors import RecipeError
from edgereg_training.loop.loop import train
from edgereg_training.loop.problem import recipe_on
from edgereg_training.loop.recipe import Recipe

SIZE = {"width": 32, "height": 32, "widths": [8, 12], "channels": 8}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("depth") / "rooms"
    return write_rooms(folder, 24, 4, 0, 24, 32, lambda done, total: None)


def recipe(folder: Path, **options: object) -> Recipe:
    method = {"name": "regcls", "regression": {"name": "direct", "loss": "l2"}, "classes": 8}
    usual = {"data": [str(folder)], **SIZE, "validation_share": 0.25, "method": method}
    return Recipe(problem="depth", epochs=1, batch_size=8, options={**usual, **options})


def test_rooms_that_were_begun_are_completed(rooms: Path) -> None:
    image = rooms / "train" / "00003.jpg"
    before = image.read_bytes()
    image.unlink()
    write_rooms(rooms, 24, 4, 0, 24, 32, lambda done, total: None)
    assert image.read_bytes() == before


def test_the_end_of_the_list_is_held_out(rooms: Path) -> None:
    made = problem(recipe(rooms))
    assert (len(made.train), len(made.validation)) == (18, 6)
    assert made.train.images.shape == (18, 32, 32, 3)
    assert made.train.depth.shape == (18, 8, 8)
    assert 0.3 < made.train.depth.min() < made.train.depth.max() <= 10
    few = problem(recipe(rooms, pictures=8))
    assert (len(few.train), len(few.validation)) == (6, 2)


def test_cells_are_read_at_their_middles() -> None:
    depth = np.arange(16, dtype=np.float32).reshape(4, 4)
    np.testing.assert_array_equal(at_middles(depth, (2, 2)), [[5, 7], [13, 15]])


def test_a_mirrored_picture_has_a_mirrored_map(rooms: Path) -> None:
    plain = problem(recipe(rooms)).train.take(np.zeros(32, int))
    seen = augmented(plain, True, np.random.default_rng(0))
    turned = (seen.depth == plain.depth[:, :, ::-1]).all(axis=(1, 2))
    assert 4 < turned.sum() < 28
    np.testing.assert_array_equal(seen.depth[~turned], plain.depth[~turned])


def test_cells_of_unknown_depth_do_not_train(rooms: Path) -> None:
    made = problem(recipe(rooms, method={"name": "direct", "loss": "l2"}))
    torch.manual_seed(0)
    net, batch = made.build().eval(), made.train.take(np.arange(2))
    generator = torch.Generator()
    whole = net.loss(torch.from_numpy(batch.images), torch.from_numpy(batch.depth), generator)
    batch.depth[:, :, 4:] = 0
    half = net.loss(torch.from_numpy(batch.images), torch.from_numpy(batch.depth), generator)
    cells = net.cells(torch.from_numpy(batch.images)).reshape(2, 8, 8, -1)[:, :, :4]
    known = torch.from_numpy(batch.depth[:, :, :4]).reshape(-1, 1)
    wanted = net.head.loss(cells.reshape(-1, cells.shape[-1]), known, generator)
    assert half["loss"].item() == pytest.approx(wanted["loss"].item(), rel=1e-5)
    assert half["loss"].item() != pytest.approx(whole["loss"].item(), rel=1e-3)


def test_trained_exported_and_measured(rooms: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from edgereg_exporters.export import Description, export_model
    from edgereg_training.depth.evaluation import measure

    chosen = recipe(rooms)
    made = problem(chosen)
    state = train(made, chosen, tmp_path / "run")
    assert {"rmse", "delta1", "rmse_many", "coverage90"} <= set(state.metrics)
    written = export_model(tmp_path / "run", tmp_path / "model", Description("depth"))
    spec = written.folder.spec
    assert (spec.task, spec.method) == ("depth", "regcls")
    assert (spec.settings["map_width"], spec.settings["map_height"]) == (8, 8)
    figures = {f.name: f.value for f in measure(written.folder, rooms, lambda done, total: None)}
    assert figures["rmse"] > 0
    assert 0 <= figures["delta1"] <= 1
    assert figures["rmse_change"] == pytest.approx(figures["rmse"] - figures["rmse_constant"])
    assert 0 <= figures["coverage90"] <= 1


def test_what_is_wrong_is_told(rooms: Path, tmp_path: Path) -> None:
    given = recipe_on(recipe(rooms, training_data="rooms"), [tmp_path]).options
    assert (given["data"], given["training_data"]) == ([str(tmp_path)], "")
    with pytest.raises(DataSetError, match="is not NYUD2-DIR"):
        _ = problem(recipe(tmp_path)).train
    with pytest.raises(RecipeError, match=r"unknown key 'options\.rooms'"):
        problem(recipe(rooms, rooms="x"))
    with pytest.raises(RecipeError, match=r"can't tell depth|takes maps"):
        problem(recipe(rooms, method={"name": "heatmap"})).build()
