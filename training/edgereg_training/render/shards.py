"""Data sets of rendered heads as shards: resumable, deterministic, one npz file each."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgereg.core.json_files import read_json
from edgereg_training.render.background import background_pool
from edgereg_training.render.cast import Cast
from edgereg_training.render.distributions import sampler
from edgereg_training.render.errors import ShardError
from edgereg_training.render.geometry import Array
from edgereg_training.render.heads import HeadView, render_head
from edgereg_training.render.photographed import light_of_places, with_places
from edgereg_training.render.scenes import SceneView, render_scene
from edgereg_training.render.splits import SPLITS, split_identities

RENDERER_VERSION = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class HeadShardOptions:
    """What to render. out: folder. count: images. size: px. identities: people in all splits
    together, numbered from 0. distribution: see `distributions`. assets: the MakeHuman folder, None
    for stand-in heads. shard_size: images a file. people: identities a shard. occluder, effects:
    see `HeadView`. fill: range of the head box's longer side over the image side. photographs:
    folder of photographed materials (see `photographed`), None for procedural ones alone."""

    out: Path
    count: int
    size: int = 64
    seed: int = 0
    split: str = "train"
    identities: int = 500
    distribution: str = "uniform"
    assets: Path | None = None
    shard_size: int = 2000
    people: int = 40
    occluder: float = 0.15
    effects: bool = True
    fill: tuple[float, float] = (0.45, 0.85)
    photographs: Path | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        check_common(self.count, self.shard_size, self.people, self.split, self.identities)
        if not 16 <= self.size <= 1024:
            raise ValueError(f"size must be 16 to 1024 px, not {self.size}")
        if not 0 <= self.occluder <= 1:
            raise ValueError(f"occluder is a probability in [0,1], not {self.occluder}")
        if not 0.05 <= self.fill[0] <= self.fill[1] <= 2:
            raise ValueError(f"fill must be a range within 0.05 to 2, not {self.fill}")
        sampler(self.distribution)


def check_common(count: int, shard_size: int, people: int, split: str, identities: int) -> None:
    """Raise ValueError for options that no kind of shard can have."""
    for name, value in (("count", count), ("shard_size", shard_size), ("people", people)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    split_identities(identities)


def write_head_shards(options: HeadShardOptions, progress: Progress | None = None) -> Path:
    """Render the data set; finished shards are kept. Returns the folder."""
    cast = Cast(options.assets, options.cache_dir, photographs=options.photographs)
    return write_shards(
        "heads", options, options.count, options.shard_size,
        lambda shard, n, tick: head_shard(options, cast, shard, n, tick), progress,
    )  # fmt: skip


def head_shard(
    options: HeadShardOptions, cast: Cast, shard: int, count: int, tick: Callable[[int], None]
) -> dict[str, Array]:
    """One shard of heads."""
    rng = np.random.default_rng([options.seed, shard, 0])
    people = shard_people(rng, options.identities, options.split, options.people)
    poses = sampler(options.distribution)(rng, count)
    pool = background_pool(int(rng.integers(2**31)), 64)
    if cast.photographed is not None:
        pool = with_places(rng, pool, cast.photographed)
    view = HeadView(fill=options.fill, occluder=options.occluder, effects=options.effects)
    size = options.size
    out: dict[str, Array] = {
        "images": np.empty((count, size, size, 3), np.uint8),
        "pose": poses.astype(np.float32),
        "landmarks": np.empty((count, 68, 2), np.float32),
        "visible": np.empty((count, 68), np.uint8),
        "box": np.empty((count, 4), np.float32),
        "age": np.empty(count, np.float32),
        "identity": np.empty(count, np.int32),
    }
    # One person after another, so that few need be kept; their pictures are spread by shuffling.
    places = rng.permutation(count)
    for k, place in enumerate(places):
        who = cast[int(people[k * len(people) // count])]
        yaw, pitch, roll = (float(v) for v in poses[place])
        own = np.random.default_rng([options.seed, shard, 1, int(place)])
        light = None if cast.photographed is None else light_of_places(own, cast.photographed)
        head = render_head(who, (yaw, pitch, roll), own, size, pool, view, light)
        for key, value in (
            ("images", head.image), ("landmarks", head.landmarks), ("visible", head.visible),
            ("box", head.box), ("age", head.age), ("identity", head.identity),
        ):  # fmt: skip
            out[key][place] = value
        tick(k + 1)
    return out


@dataclass(frozen=True)
class SceneShardOptions:
    """What to render. width, height: px. heads: most heads a scene. head_size: range of a head's
    longer side, px. empty: share of scenes without people. back: share of heads turned any way.
    The other fields are those of `HeadShardOptions`."""

    out: Path
    count: int
    width: int = 256
    height: int = 256
    seed: int = 0
    split: str = "train"
    identities: int = 500
    assets: Path | None = None
    shard_size: int = 500
    people: int = 40
    heads: int = 8
    head_size: tuple[float, float] = (12.0, 200.0)
    empty: float = 0.15
    back: float = 0.22
    effects: bool = True
    photographs: Path | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        check_common(self.count, self.shard_size, self.people, self.split, self.identities)
        for name, value in (("width", self.width), ("height", self.height)):
            if not 32 <= value <= 2048:
                raise ValueError(f"{name} must be 32 to 2048 px, not {value}")
        if not 1 <= self.heads <= 20:
            raise ValueError(f"heads must be 1 to 20, not {self.heads}")
        if not 4 <= self.head_size[0] <= self.head_size[1]:
            raise ValueError(f"head_size must be a range from 4 px up, not {self.head_size}")
        for name, share in (("empty", self.empty), ("back", self.back)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share in [0,1], not {share}")


def write_scene_shards(options: SceneShardOptions, progress: Progress | None = None) -> Path:
    """Render the data set; finished shards are kept. Returns the folder."""
    cast = Cast(options.assets, options.cache_dir, photographs=options.photographs)
    return write_shards(
        "scenes", options, options.count, options.shard_size,
        lambda shard, n, tick: scene_shard(options, cast, shard, n, tick), progress,
    )  # fmt: skip


def scene_shard(
    options: SceneShardOptions, cast: Cast, shard: int, count: int, tick: Callable[[int], None]
) -> dict[str, Array]:
    """One shard of scenes."""
    rng = np.random.default_rng([options.seed, shard, 2])
    people = shard_people(rng, options.identities, options.split, options.people)
    troupe = [cast[int(number)] for number in people]
    view = SceneView(options.heads, options.head_size, options.empty, options.back, options.effects)
    scenes = []
    for k in range(count):
        seed = [options.seed, shard, 3, k]
        scenes.append(
            render_scene(troupe, seed, options.width, options.height, view, cast.photographed)
        )
        tick(k + 1)
    labels = ("boxes", "pose", "visible", "identity", "age")
    out = {key: np.concatenate([getattr(scene, key) for scene in scenes]) for key in labels}
    out["images"] = np.stack([scene.image for scene in scenes])
    out["start"] = np.cumsum([0] + [len(scene.boxes) for scene in scenes]).astype(np.int64)
    return out


def shard_people(rng: np.random.Generator, identities: int, split: str, people: int) -> Array:
    """Numbers of the identities one shard uses, drawn from the split without repetition."""
    numbers = split_identities(identities)[split]
    return rng.choice(numbers, min(people, len(numbers)), replace=False)


def write_shards(
    kind: str,
    options: Any,
    count: int,
    shard_size: int,
    render: Callable[[int, int, Callable[[int], None]], dict[str, Array]],
    progress: Progress | None,
) -> Path:
    """Write manifest and shards of any kind; `render(shard, n, tick)` makes one shard."""
    cv2.setNumThreads(1)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    shards = -(-count // shard_size)
    _write_manifest(out, kind, options, count, shards)
    for shard in range(shards):
        first = shard * shard_size
        n = min(shard_size, count - first)
        path = shard_path(out, shard)
        if not path.is_file():
            arrays = render(shard, n, _ticker(progress, first, count))
            save_shard(path, arrays)
        if progress is not None:
            progress(first + n, count)
    return out


def _ticker(progress: Progress | None, first: int, count: int) -> Callable[[int], None]:
    def tick(done: int) -> None:
        if progress is not None and done % 50 == 0:
            progress(first + done, count)

    return tick


def shard_path(out: Path, shard: int) -> Path:
    """The file of a shard number."""
    return out / f"shard-{shard:05d}.npz"


def save_shard(path: Path, arrays: dict[str, Array]) -> None:
    """Write a shard's file, whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)


def described(options: Any) -> dict[str, Any]:
    """The options as the manifest holds them."""
    # Folders are left out: they say where, not what.
    fields = {k: v for k, v in asdict(options).items() if k not in ("out", "cache_dir", "assets")}
    if fields.pop("photographs") is not None:
        fields["photographed"] = True
    fields["source"] = "stand-in" if options.assets is None else "makehuman"
    plain: dict[str, Any] = json.loads(json.dumps(fields))
    return plain


def _write_manifest(out: Path, kind: str, options: Any, count: int, shards: int) -> None:
    manifest = {
        "kind": kind, "renderer": RENDERER_VERSION, "seed": options.seed, "count": count,
        "shards": shards, "options": described(options),
    }  # fmt: skip
    keep_manifest(out, manifest)


def keep_manifest(out: Path, manifest: Mapping[str, Any]) -> None:
    """Write a data set's manifest; ShardError where the folder has that of another one."""
    path = out / "manifest.json"
    if path.is_file():
        if read_manifest(out) != manifest:
            raise ShardError(
                f"{out} holds another data set (see {path}): choose an empty folder or delete it"
            )
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    temporary.replace(path)


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """The manifest of a data set: kind, renderer, seed, count, shards, options."""
    path = Path(folder) / "manifest.json"
    try:
        manifest: dict[str, Any] = read_json(path)
        if not isinstance(manifest, dict) or not isinstance(manifest.get("shards"), int):
            raise ValueError("it does not say how many shards there are")
    except OSError as error:
        raise ShardError(f"no data set in {folder}: {path.name} cannot be read") from error
    except ValueError as error:
        raise ShardError(f"{path} is damaged: {error}") from error
    return manifest


def iter_shards(folder: Path | str) -> Iterator[dict[str, Array]]:
    """The shards in order, each a dict of arrays; ShardError names a missing or damaged file."""
    out = Path(folder)
    for shard in range(int(read_manifest(out)["shards"])):
        yield read_shard(shard_path(out, shard))


def read_shard(path: Path) -> dict[str, Array]:
    """The arrays of a shard file; ShardError where it is damaged."""
    try:
        with np.load(path) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise ShardError(f"{path} is missing: run the rendering again to complete it") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ShardError(f"{path} is damaged ({error}): delete it and render again") from error


def load_shards(folder: Path | str) -> dict[str, Array]:
    """All shards joined; `start` of scenes is renumbered to the joined boxes."""
    parts = list(iter_shards(folder))
    out: dict[str, Array] = {}
    for key in parts[0]:
        if key == "start":
            offsets = np.cumsum([0] + [int(part["start"][-1]) for part in parts[:-1]])
            starts = [part["start"][:-1] + o for part, o in zip(parts, offsets, strict=True)]
            end = offsets[-1] + parts[-1]["start"][-1]
            out[key] = np.concatenate([*starts, [end]]).astype(np.int64)
        else:
            out[key] = np.concatenate([part[key] for part in parts])
    return out
