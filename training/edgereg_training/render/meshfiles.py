"""Readers of the text formats in the asset folder: Wavefront OBJ and MakeHuman bindings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgereg_training.render.errors import AssetError
from edgereg_training.render.geometry import Array


@dataclass(frozen=True)
class Mesh:
    """points [V,3] dm; uv [U,2]; faces [F,4] and uv_faces [F,4] zero-based; groups [F] names.

    A triangle is stored as a quad whose last corner repeats the first.
    """

    points: Array
    uv: Array
    faces: Array
    uv_faces: Array
    groups: Array


@dataclass(frozen=True)
class Binding:
    """A mesh bound to the base: references [V,3], weights [V,3], offsets [V,3].

    scale [3,3]: rows (first vertex, second vertex, divisor) of axes x, y, z.
    """

    references: Array
    weights: Array
    offsets: Array
    scale: Array


def read_obj(path: Path) -> Mesh:
    """Read vertices, texture coordinates and faces of an OBJ file."""
    points: list[list[float]] = []
    uv: list[list[float]] = []
    corners: list[list[list[int]]] = []
    groups: list[str] = []
    group = ""
    for line in _lines(path):
        key, _, rest = line.partition(" ")
        if key == "v":
            points.append([float(x) for x in rest.split()[:3]])
        elif key == "vt":
            uv.append([float(x) for x in rest.split()[:2]])
        elif key == "g":
            group = rest.strip()
        elif key == "f":
            corners.append(_face(rest))
            groups.append(group)
    table = np.array(corners, np.int32)
    return Mesh(
        np.array(points), np.array(uv or [[0.0, 0.0]]), table[..., 0], table[..., 1],
        np.array(groups),
    )  # fmt: skip


def _face(text: str) -> list[list[int]]:
    pairs = []
    for corner in text.split():
        fields = corner.split("/")
        texture = int(fields[1]) - 1 if len(fields) > 1 and fields[1] else 0
        pairs.append([int(fields[0]) - 1, texture])
    return (pairs + pairs[:1])[:4]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="ignore").splitlines()
    except OSError as error:
        raise AssetError(f"cannot read asset file {path}: {error.strerror}") from error


def read_binding(path: Path) -> Binding:
    """Read the vertex bindings of an .mhclo file."""
    rows: list[list[float]] = []
    scale = np.array([[0, 0, 0]] * 3, np.float64)
    reading = False
    for line in _lines(path):
        fields = line.split()
        if not fields:
            # Some files leave a blank line between keyword lines and the first vertex.
            reading = reading and not rows
        elif fields[0][1:] == "_scale" and fields[0][0] in "xyz":
            scale["xyz".index(fields[0][0])] = [float(x) for x in fields[1:4]]
        elif fields[0] == "verts":
            reading = True
        elif fields[0] in ("weights", "delete_verts"):
            reading = False
        elif reading and fields[0].isdigit():
            rows.append(_binding_row(fields))
    if not rows:
        raise AssetError(f"no bound vertices in {path}")
    table = np.array(rows)
    return Binding(table[:, :3].astype(np.int32), table[:, 3:6], table[:, 6:], scale)


def _binding_row(fields: list[str]) -> list[float]:
    numbers = [float(x) for x in fields]
    if len(numbers) == 1:
        return [numbers[0], 0, 0, 1, 0, 0, 0, 0, 0]
    return (numbers + [0.0] * 9)[:9]
