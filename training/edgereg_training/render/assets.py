"""The MakeHuman asset folder, parsed once and cached as one npz file without pickles."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgereg_training.render.errors import AssetError
from edgereg_training.render.geometry import Array
from edgereg_training.render.meshfiles import Binding, Mesh, read_binding, read_obj

CACHE_VERSION = 1
_BASE = "makehuman/makehuman/data/3dobjs/base.obj"
_TARGETS = "makehuman/makehuman/data/targets"
_EYES = "makehuman/makehuman/data/eyes/low-poly/low-poly"
_PARTS = "makehuman-assets/base"
TARGET_FOLDERS = (
    "asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "macrodetails",
    "mouth", "neck", "nose", "expression/units/african", "expression/units/asian",
    "expression/units/caucasian",
)  # fmt: skip
HAIR_STYLES = (
    "afro01", "bob01", "bob02", "braid01", "long01", "ponytail01",
    "short01", "short02", "short03", "short04",
)  # fmt: skip
BROWS = tuple(f"eyebrow{i:03d}" for i in range(1, 13))
LASHES = tuple(f"eyelashes{i:02d}" for i in range(1, 5))
ISLANDS = ("head", "neck_shoulders", "mouth_interior", "eye_socket_left", "eye_socket_right")


@dataclass(frozen=True)
class Part:
    """A bound mesh (eyes, brows, lashes or hair) and its binding to the base mesh."""

    mesh: Mesh
    binding: Binding


@dataclass(frozen=True, eq=False)
class Assets:
    """Everything read from the folder.

    base: the base mesh. targets: name -> (vertex ids [n], offsets [n,3] dm), the name with its
    folder. parts: name -> Part. landmarks [68] vertex ids in iBUG order. islands: name -> face
    numbers. rings: name -> vertex rings [R,n], from the opening outwards.
    """

    base: Mesh
    targets: dict[str, tuple[Array, Array]]
    parts: dict[str, Part]
    landmarks: Array
    islands: dict[str, Array]
    rings: dict[str, Array]

    def names(self, folder: str) -> list[str]:
        """Sorted target names that start with `folder`/."""
        return sorted(name for name in self.targets if name.startswith(folder + "/"))


def load_assets(folder: Path | str, cache_dir: Path | str | None = None) -> Assets:
    """Parse the asset folder; with `cache_dir`, through an npz kept there."""
    return load(Path(folder).resolve(), None if cache_dir is None else Path(cache_dir).resolve())


@lru_cache(maxsize=2)
def load(folder: Path, cache_dir: Path | None) -> Assets:
    """The assets of a folder."""
    files = required_files(folder)
    if cache_dir is None:
        return _assemble(_parse(folder))
    stamp = sum(path.stat().st_mtime_ns + path.stat().st_size for path in files) % 10**15
    cache = cache_dir / f"makehuman-{CACHE_VERSION}-{stamp}.npz"
    arrays = _read_cache(cache)
    if arrays is None:
        arrays = _parse(folder)
        _write_cache(cache, arrays)
    return _assemble(arrays)


def required_files(folder: Path) -> list[Path]:
    """The files a complete folder has; AssetError names the first that is missing."""
    names = ["landmarks68.json", "head_faces.json", "face_rings.json", _BASE]
    names += [f"{_TARGETS}/{name}.npz" for name in TARGET_FOLDERS]
    names += [f"{stem}{end}" for stem in _part_stems().values() for end in (".obj", ".mhclo")]
    if not folder.is_dir():
        raise AssetError(f"MakeHuman folder {folder} does not exist: give the folder of the assets")
    for name in names:
        if not (folder / name).is_file():
            raise AssetError(f"MakeHuman folder {folder} is incomplete: {name} is missing")
    return [folder / name for name in names]


def _part_stems() -> dict[str, str]:
    stems = {"eyes": _EYES}
    for kind, names in (("hair", HAIR_STYLES), ("eyebrows", BROWS), ("eyelashes", LASHES)):
        stems.update({name: f"{_PARTS}/{kind}/{name}/{name}" for name in names})
    return stems


def _parse(folder: Path) -> dict[str, Array]:
    arrays = _mesh_arrays("base", read_obj(folder / _BASE))
    for name, stem in _part_stems().items():
        arrays.update(_mesh_arrays(f"part:{name}", read_obj(folder / f"{stem}.obj")))
        binding = read_binding(folder / f"{stem}.mhclo")
        for field in ("references", "weights", "offsets", "scale"):
            arrays[f"part:{name}:{field}"] = getattr(binding, field)
    for name in TARGET_FOLDERS:
        with np.load(folder / f"{_TARGETS}/{name}.npz") as file:
            for key in ("names", "start", "idx", "off"):
                arrays[f"target:{name}:{key}"] = file[key]
    arrays.update(parse_indices(folder))
    return arrays


def parse_indices(folder: Path) -> dict[str, Array]:
    """Lines of indices as an array."""
    try:
        landmarks = json.loads((folder / "landmarks68.json").read_text("utf-8"))["vertex_ids"]
        faces = json.loads((folder / "head_faces.json").read_text("utf-8"))
        rings = json.loads((folder / "face_rings.json").read_text("utf-8"))
        arrays = {"landmarks": np.array(landmarks, np.int32)}
        arrays.update({f"island:{k}": np.array(faces[k], np.int32) for k in ISLANDS})
        for key in ("mouth", "left_eye", "right_eye"):
            arrays[f"ring:{key}"] = np.array(rings[key], np.int32)
    except (ValueError, KeyError) as error:
        raise AssetError(f"an index file in {folder} is damaged: {error}") from error
    return arrays


def _mesh_arrays(prefix: str, mesh: Mesh) -> dict[str, Array]:
    fields = ("points", "uv", "faces", "uv_faces", "groups")
    return {f"{prefix}:{field}": getattr(mesh, field) for field in fields}


def _mesh(arrays: dict[str, Array], prefix: str) -> Mesh:
    fields = ("points", "uv", "faces", "uv_faces", "groups")
    return Mesh(*(arrays[f"{prefix}:{field}"] for field in fields))


def _assemble(arrays: dict[str, Array]) -> Assets:
    targets: dict[str, tuple[Array, Array]] = {}
    for folder in TARGET_FOLDERS:
        names, start, idx, off = (
            arrays[f"target:{folder}:{key}"] for key in ("names", "start", "idx", "off")
        )
        for k, name in enumerate(names):
            rows = slice(int(start[k]), int(start[k + 1]))
            targets[f"{folder}/{name}"] = (idx[rows], off[rows].astype(np.float64))
    parts = {}
    for name in _part_stems():
        fields = (arrays[f"part:{name}:{f}"] for f in ("references", "weights", "offsets", "scale"))
        parts[name] = Part(_mesh(arrays, f"part:{name}"), Binding(*fields))
    islands = {name: arrays[f"island:{name}"] for name in ISLANDS}
    rings = {name: arrays[f"ring:{name}"] for name in ("mouth", "left_eye", "right_eye")}
    return Assets(_mesh(arrays, "base"), targets, parts, arrays["landmarks"], islands, rings)


def _read_cache(path: Path) -> dict[str, Array] | None:
    try:
        with np.load(path) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, EOFError):
        # An unreadable cache is worth nothing: it is parsed and written anew.
        return None


def _write_cache(path: Path, arrays: dict[str, Array]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.tmp.npz")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)
