"""The asset folder: errors without it, and people built from it where it is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edgereg_training.render.assets import load_assets
from edgereg_training.render.errors import AssetError
from edgereg_training.render.geometry import Array
from edgereg_training.render.heads import HeadView, render_head
from edgereg_training.render.meshfiles import read_binding, read_obj
from edgereg_training.render.morph import fit_binding, macro_weights
from edgereg_training.render.person import build_identity


def test_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="does not exist"):
        load_assets(tmp_path / "none")


def test_incomplete_folder_names_the_missing_file(tmp_path: Path) -> None:
    (tmp_path / "landmarks68.json").write_text("{}", "utf-8")
    with pytest.raises(AssetError, match=r"head_faces\.json is missing"):
        load_assets(tmp_path)


def test_obj_faces_and_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\ng skin\nf 1/1 2/2 3/1 4/2\n"
        "g other\nf 1 2 3\n", "utf-8",
    )  # fmt: skip
    mesh = read_obj(path)
    assert mesh.faces.tolist() == [[0, 1, 2, 3], [0, 1, 2, 0]]
    assert mesh.uv_faces[0].tolist() == [0, 1, 0, 1]
    assert mesh.groups.tolist() == ["skin", "other"]


def test_binding_with_keywords_after_verts(tmp_path: Path) -> None:
    path = tmp_path / "a.mhclo"
    path.write_text(
        "# comment\nx_scale 0 1 2.0\nverts 0\nmaterial a.mhmat\n\n2\n0 1 2 0.5 0.5 0 1 0 0\n\n"
        "delete_verts\n1 - 5\n", "utf-8",
    )  # fmt: skip
    binding = read_binding(path)
    points = np.array([[0.0, 0, 0], [4, 0, 0], [7, 8, 9]])
    # Half way between the first two, plus one unit of x scaled by |0 - 4| / 2.
    assert fit_binding(points, binding).tolist() == [[7, 8, 9], [4, 0, 0]]


def test_binding_without_vertices(tmp_path: Path) -> None:
    path = tmp_path / "a.mhclo"
    path.write_text("verts 0\n", "utf-8")
    with pytest.raises(AssetError, match="no bound vertices"):
        read_binding(path)


@pytest.mark.parametrize("years", [1.0, 7.0, 10.0, 18.0, 25.0, 60.0, 90.0])
def test_macro_weights_sum_to_one_in_each_family(years: float) -> None:
    weights = macro_weights(years, 0.3, np.array([0.2, 0.3, 0.5]), 0.7, 0.2)
    universal = sum(v for k, v in weights.items() if "universal" in k)
    assert universal == pytest.approx(1)
    assert sum(weights.values()) == pytest.approx(2)


def test_people_from_the_assets(asset_folder: Path, tmp_path: Path, pool: list[Array]) -> None:
    assets = load_assets(asset_folder, tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 1
    a, b = build_identity(assets, 5), build_identity(assets, 5)
    assert np.array_equal(a.points, b.points)
    assert np.array_equal(a.skin, b.skin)
    points = a.points[a.landmarks]
    assert points[8, 1] < points[30, 1] < points[27, 1] < points[19, 1]
    view = HeadView(effects=False, occluder=0.0, shift=0.0, fill=(0.7, 0.7))
    picture = render_head(a, (0, 0, 0), np.random.default_rng(0), 64, pool, view)
    assert picture.visible[27:36].mean() > 0.8
    assert (picture.landmarks > picture.box[:2] - 0.5).all()
    assert (picture.landmarks < picture.box[2:] + 0.5).all()


def test_people_of_many_kinds_fit_together(asset_folder: Path) -> None:
    assets = load_assets(asset_folder)
    people = [build_identity(assets, seed) for seed in range(16)]
    for who in people:
        assert who.triangles.max() < len(who.points)
        assert who.triangles[: who.close_triangles].max() < who.close_points
        assert np.isfinite(who.points).all()
        assert np.isfinite(who.normals).all()
        assert 1.5 < who.size < 3.2
        assert (np.abs(who.points[who.landmarks]) < 3).all()
    assert len({len(who.points) for who in people}) > 8
    assert np.ptp([who.age for who in people]) > 25


def test_cached_assets_are_the_parsed_ones(asset_folder: Path, tmp_path: Path) -> None:
    parsed, cached = load_assets(asset_folder), load_assets(asset_folder, tmp_path)
    assert np.array_equal(parsed.base.points, cached.base.points)
    assert parsed.targets.keys() == cached.targets.keys()
    assert np.array_equal(parsed.parts["bob01"].binding.weights,
                          cached.parts["bob01"].binding.weights)  # fmt: skip
