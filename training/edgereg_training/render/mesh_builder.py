"""Collecting the parts of a person into one set of arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgereg_training.render.geometry import Array


@dataclass
class MeshBuilder:
    """Grows by `add`; `joined` gives the arrays that an identity holds."""

    points: list[Array] = field(default_factory=list)
    neck: list[Array] = field(default_factory=list)
    triangles: list[Array] = field(default_factory=list)
    uv: list[Array] = field(default_factory=list)
    material: list[Array] = field(default_factory=list)
    one_sided: list[Array] = field(default_factory=list)
    layer: list[Array] = field(default_factory=list)
    alphas: list[Array] = field(default_factory=list)
    size: int = 0

    def add_points(self, points: Array, neck: Array) -> int:
        """Append points [n,3] dm with neck weights [n]; returns the number of the first."""
        first = self.size
        self.points.append(points)
        self.neck.append(np.broadcast_to(neck, len(points)))
        self.size += len(points)
        return first

    def add_alpha(self, texture: Array) -> int:
        """Append an alpha texture uint8 [256,256]; returns its layer."""
        self.alphas.append(texture)
        return len(self.alphas) - 1

    def add_triangles(
        self,
        triangles: Array,
        material: int | Array,
        uv: Array | None = None,
        layer: int | Array = -1,
        one_sided: bool = False,
    ) -> None:
        """Append triangles [n,3] of point numbers, uv [n,3,2]; degenerate ones are dropped."""
        n = len(triangles)
        corners = np.zeros((n, 3, 2), np.float32) if uv is None else uv
        a, b, c = triangles.T
        keep = (a != b) & (b != c) & (a != c)
        self.triangles.append(triangles[keep])
        self.uv.append(corners[keep])
        self.material.append(np.broadcast_to(material, n)[keep])
        self.layer.append(np.broadcast_to(layer, n)[keep])
        self.one_sided.append(np.full(int(keep.sum()), one_sided))

    def add_mesh(
        self,
        points: Array,
        triangles: Array,
        neck: Array | float,
        material: int,
        uv: Array | None = None,
        layer: int = -1,
        one_sided: bool = False,
    ) -> int:
        """Append points and the triangles that number them from zero."""
        first = self.add_points(points, np.asarray(neck))
        self.add_triangles(triangles + first, material, uv, layer, one_sided)
        return first

    def joined(self) -> dict[str, Array]:
        """The arrays by the names and types that `Identity` has."""
        alphas = self.alphas or [np.full((256, 256), 255, np.uint8)]
        return {
            "points": np.concatenate(self.points).astype(np.float32),
            "neck": np.clip(np.concatenate(self.neck), 0, 1).astype(np.float32),
            "triangles": np.concatenate(self.triangles).astype(np.int32),
            "uv": np.ascontiguousarray(np.concatenate(self.uv), np.float32),
            "material": np.concatenate(self.material).astype(np.uint8),
            "one_sided": np.concatenate(self.one_sided).astype(np.uint8),
            "layer": np.concatenate(self.layer).astype(np.int16),
            "alphas": np.stack(alphas).astype(np.uint8),
        }
