"""Rendered people that no training has seen, as test data of the built-in tasks."""

from __future__ import annotations

from pathlib import Path

from edgereg_training.render import shards

SEED = 902


def heads(cache: Path, assets: Path | None, count: int | None, progress: shards.Progress) -> Path:
    """Single heads of all poses (3000 of them) in a folder of `cache`, where not there yet."""
    wanted = count or 3000
    options = shards.HeadShardOptions(
        out=cache / _name("heads", assets, wanted),
        count=wanted,
        size=96,
        seed=SEED,
        split="test",
        distribution="uniform-wide",
        assets=assets,
        shard_size=1000,
        fill=(0.58, 0.82),
    )
    return shards.write_head_shards(options, progress)


def scenes(cache: Path, assets: Path | None, count: int | None, progress: shards.Progress) -> Path:
    """Whole scenes (1500 of them) in a folder of `cache`, where not there yet."""
    wanted = count or 1500
    options = shards.SceneShardOptions(
        out=cache / _name("scenes", assets, wanted),
        count=wanted,
        seed=SEED,
        split="test",
        assets=assets,
        shard_size=100,
    )
    return shards.write_scene_shards(options, progress)


def _name(kind: str, assets: Path | None, count: int) -> str:
    source = "stand-in" if assets is None else "makehuman"
    return f"{kind}-test-{source}-{count}-v{shards.RENDERER_VERSION}"
