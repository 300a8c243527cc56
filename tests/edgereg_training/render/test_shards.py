"""Shards: resuming, damage, manifests, options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edgereg_training.render.errors import RenderError, ShardError
from edgereg_training.render.shards import (
    HeadShardOptions,
    SceneShardOptions,
    iter_shards,
    load_shards,
    read_manifest,
    shard_path,
    write_head_shards,
    write_scene_shards,
)
from edgereg_training.render.splits import split_identities


def heads(out: Path, **fields: Any) -> HeadShardOptions:
    standard: dict[str, Any] = {
        "count": 7, "size": 32, "identities": 12, "shard_size": 3, "people": 2,
    }  # fmt: skip
    return HeadShardOptions(out=out, **{**standard, **fields})


def test_head_shards_hold_what_the_manifest_says(tmp_path: Path) -> None:
    out = write_head_shards(heads(tmp_path / "a"))
    manifest = read_manifest(out)
    assert manifest["kind"] == "heads"
    assert manifest["shards"] == 3
    assert manifest["options"]["distribution"] == "uniform"
    data = load_shards(out)
    shapes = {key: value.shape for key, value in data.items()}
    assert shapes == {
        "images": (7, 32, 32, 3), "pose": (7, 3), "landmarks": (7, 68, 2), "visible": (7, 68),
        "box": (7, 4), "age": (7,), "identity": (7,),
    }  # fmt: skip
    assert data["images"].dtype == np.uint8
    assert data["pose"].dtype == data["landmarks"].dtype == data["age"].dtype == np.float32
    assert data["identity"].dtype == np.int32
    assert set(data["identity"]) <= set(split_identities(12)["train"])
    assert [len(shard["age"]) for shard in iter_shards(out)] == [3, 3, 1]


def test_interrupted_rendering_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    whole = write_head_shards(heads(tmp_path / "whole"))

    class StopError(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        if done >= 3:
            raise StopError

    part = tmp_path / "part"
    with pytest.raises(StopError):
        write_head_shards(heads(part), interrupt)
    assert [path.name for path in sorted(part.glob("*.npz"))] == ["shard-00000.npz"]
    stamp = shard_path(part, 0).stat().st_mtime_ns
    write_head_shards(heads(part))
    assert shard_path(part, 0).stat().st_mtime_ns == stamp
    assert not list(part.glob("*.tmp"))
    a, b = load_shards(whole), load_shards(part)
    assert all(np.array_equal(a[key], b[key]) for key in a)


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    write_head_shards(heads(tmp_path), lambda done, total: calls.append((done, total)))
    assert calls[-1] == (7, 7)
    assert all(total == 7 for _, total in calls)


def test_another_data_set_in_the_folder_is_refused(tmp_path: Path) -> None:
    write_head_shards(heads(tmp_path))
    with pytest.raises(ShardError, match="another data set"):
        write_head_shards(heads(tmp_path, seed=1))


def test_damaged_shard_is_named(tmp_path: Path) -> None:
    out = write_head_shards(heads(tmp_path))
    path = shard_path(out, 1)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ShardError, match=r"shard-00001\.npz is damaged"):
        load_shards(out)
    path.unlink()
    with pytest.raises(ShardError, match=r"shard-00001\.npz is missing"):
        load_shards(out)


def test_no_or_damaged_manifest(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="no data set"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(RenderError, match=r"manifest\.json is damaged"):
        read_manifest(tmp_path)


def test_scene_shards_join_with_renumbered_boxes(tmp_path: Path) -> None:
    options = SceneShardOptions(
        out=tmp_path, count=5, width=64, height=48, identities=10, shard_size=2, people=3
    )
    data = load_shards(write_scene_shards(options))
    assert data["images"].shape == (5, 48, 64, 3)
    assert data["start"].shape == (6,)
    assert data["start"].dtype == np.int64
    assert data["start"][0] == 0
    assert (np.diff(data["start"]) >= 0).all()
    for key in ("boxes", "pose", "visible", "identity", "age"):
        assert len(data[key]) == data["start"][-1]


def test_splits_share_no_identity(tmp_path: Path) -> None:
    seen = [
        set(load_shards(write_head_shards(heads(tmp_path / split, split=split)))["identity"])
        for split in ("train", "val", "test")
    ]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


Make = Callable[..., object]


@pytest.mark.parametrize(
    ("make", "fields", "message"),
    [
        (HeadShardOptions, {"count": 0}, "count must be at least 1"),
        (HeadShardOptions, {"count": 5, "size": 4}, "size must be 16 to 1024"),
        (HeadShardOptions, {"count": 5, "split": "dev"}, "split must be one of train, val, test"),
        (HeadShardOptions, {"count": 5, "distribution": "x"}, "unknown pose distribution"),
        (HeadShardOptions, {"count": 5, "identities": 2}, "identities must be at least 3"),
        (HeadShardOptions, {"count": 5, "occluder": 2.0}, "probability"),
        (HeadShardOptions, {"count": 5, "fill": (0.9, 0.5)}, "fill must be a range"),
        (SceneShardOptions, {"count": 5, "width": 8}, "width must be 32 to 2048"),
        (SceneShardOptions, {"count": 5, "heads": 0}, "heads must be 1 to 20"),
        (SceneShardOptions, {"count": 5, "head_size": (2, 9)}, "head_size must be a range"),
        (SceneShardOptions, {"count": 5, "empty": 1.5}, "empty is a share"),
    ],
)
def test_options_say_what_is_wrong(
    tmp_path: Path, make: Make, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(out=tmp_path, **fields)
