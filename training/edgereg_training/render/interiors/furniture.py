"""What stands, hangs and walks in a room, as solids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from edgereg_training.render.geometry import Array
from edgereg_training.render.interiors.solids import Shape, Solid
from edgereg_training.render.interiors.textures import Texture, texture


@dataclass
class Place:
    """Solids of one thing, put down with its middle at `ground` [2] (x, z), turned by `turn`;
    materials and solids are added to those of the room."""

    rng: np.random.Generator
    materials: list[Texture]
    solids: list[Solid]
    ground: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    _known: dict[str, int] = field(default_factory=dict)

    def at(self, x: float, z: float, turn: float) -> Place:
        """The same room at another place, with materials of its own."""
        return Place(self.rng, self.materials, self.solids, (x, z), turn)

    def material(self, kind: str, name: str = "") -> int:
        """A material of a kind; the same one for the same name."""
        key = f"{kind} {name}"
        if key not in self._known:
            self._known[key] = len(self.materials)
            self.materials.append(texture(self.rng, kind))
        return self._known[key]

    def put(
        self, shape: Shape, low: tuple[float, float, float], high: tuple[float, float, float],
        kind: str, name: str = "",
    ) -> None:  # fmt: skip
        """A solid between two corners (x, y, z) about the thing's middle on the ground, m."""
        ends = np.array([low, high], np.float32)
        middle, half = ends.mean(axis=0), np.maximum((ends[1] - ends[0]) / 2, 1e-3)
        c, s = np.cos(self.turn), np.sin(self.turn)
        x = c * middle[0] + s * middle[2] + self.ground[0]
        z = -s * middle[0] + c * middle[2] + self.ground[1]
        at = np.array([x, middle[1], z], np.float32)
        self.solids.append(Solid(shape, at, half, self.turn, self.material(kind, name)))


def table(p: Place) -> None:
    """A top on four legs, with things on it."""
    w, d, h = p.rng.uniform(0.3, 1.0), p.rng.uniform(0.25, 0.5), p.rng.uniform(0.4, 0.8)
    p.put("box", (-w, h - 0.04, -d), (w, h, d), "furniture")
    _legs(p, w, d, h - 0.04, p.rng.uniform(0.015, 0.04))
    for _ in range(int(p.rng.integers(0, 4))):
        x, z = p.rng.uniform(-w, w) * 0.8, p.rng.uniform(-d, d) * 0.8
        r, top = p.rng.uniform(0.03, 0.15), p.rng.uniform(0.05, 0.35)
        shape: Shape = "cylinder" if p.rng.random() < 0.5 else "box"
        p.put(shape, (x - r, h, z - r), (x + r, h + top, z + r), "picture", f"{x}")


def _legs(p: Place, w: float, d: float, h: float, r: float) -> None:
    for x in (-w + r, w - r):
        for z in (-d + r, d - r):
            p.put("box", (x - r, 0, z - r), (x + r, h, z + r), "furniture", "legs")


def chair(p: Place) -> None:
    """A seat with legs and a back."""
    w, h = p.rng.uniform(0.18, 0.27), p.rng.uniform(0.4, 0.5)
    p.put("box", (-w, h - 0.06, -w), (w, h, w), "soft")
    p.put("box", (-w, h, w - 0.05), (w, h + p.rng.uniform(0.35, 0.6), w), "soft")
    _legs(p, w, w, h - 0.06, 0.02)


def sofa(p: Place) -> None:
    """A low block with a back and arms."""
    w, d, h = p.rng.uniform(0.4, 1.1), p.rng.uniform(0.38, 0.5), p.rng.uniform(0.35, 0.48)
    p.put("box", (-w, 0.05, -d), (w, h, d), "soft")
    p.put("box", (-w, h, d - 0.2), (w, h + p.rng.uniform(0.25, 0.5), d), "soft")
    for end in (-w, w - 0.15):
        p.put("box", (end, 0.05, -d), (end + 0.15, h + 0.2, d), "soft")


def bed(p: Place) -> None:
    """A low block with a head and pillows."""
    w, d, h = p.rng.uniform(0.45, 0.9), 1.0, p.rng.uniform(0.35, 0.6)
    p.put("box", (-w, 0, -d), (w, h, d), "soft")
    p.put("box", (-w, 0, d), (w, h + p.rng.uniform(0.2, 0.6), d + 0.06), "furniture")
    p.put("ellipsoid", (-0.35, h - 0.05, d - 0.5), (0.35, h + 0.15, d - 0.1), "soft", "pillow")


def cupboard(p: Place) -> None:
    """A wardrobe, a shelf of books, a chest of drawers or a kitchen block."""
    w, d, h = p.rng.uniform(0.25, 1.0), p.rng.uniform(0.15, 0.35), p.rng.uniform(0.5, 2.2)
    p.put("box", (-w, 0, -d), (w, h, d), "books" if p.rng.random() < 0.35 else "furniture")
    for x in np.arange(-w + 0.35, w - 0.1, 0.5):
        p.put("box", (x, 0.05, -d - 0.01), (x + 0.015, h - 0.05, -d), "furniture", "joints")


def plant(p: Place) -> None:
    """A pot with leaves, or a lamp on a stand."""
    r, h = p.rng.uniform(0.08, 0.2), p.rng.uniform(0.5, 1.7)
    p.put("cylinder", (-r, 0, -r), (r, p.rng.uniform(0.1, 0.4), r), "furniture")
    p.put("cylinder", (-0.015, 0, -0.015), (0.015, h, 0.015), "furniture")
    top = p.rng.uniform(0.12, 0.35)
    shape: Shape = "ellipsoid" if p.rng.random() < 0.6 else "cylinder"
    p.put(shape, (-top, h - top, -top), (top, h + top * 0.6, top), "soft")


def box(p: Place) -> None:
    """A parcel, a bin or a ball."""
    w, d, h = p.rng.uniform(0.08, 0.35, 3)
    kinds: tuple[Shape, ...] = ("box", "cylinder", "ellipsoid")
    p.put(kinds[int(p.rng.integers(3))], (-w, 0, -d), (w, 2 * h, d), "furniture")


def person(p: Place) -> None:
    """Legs, a body, arms and a head, from 1.5 to 1.9 m tall, standing or sitting."""
    tall = p.rng.uniform(1.5, 1.9)
    base = -0.42 if p.rng.random() < 0.35 else 0.0
    hip, neck = 0.5 * tall + base, 0.82 * tall + base
    w, d = p.rng.uniform(0.17, 0.26), p.rng.uniform(0.1, 0.16)
    for x in (-0.09, 0.09):
        p.put("cylinder", (x - 0.08, 0, -0.09), (x + 0.08, hip + 0.05, 0.09), "soft", "trousers")
    p.put("ellipsoid", (-w, hip - 0.15, -d), (w, neck + 0.06, d), "soft", "shirt")
    p.put("cylinder", (-w * 0.8, hip, -d * 0.8), (w * 0.8, neck - 0.1, d * 0.8), "soft", "shirt")
    for x in (-w, w):
        p.put("ellipsoid", (x - 0.06, hip - 0.1, -0.07), (x + 0.06, neck, 0.07), "soft", "shirt")
    p.put("cylinder", (-0.05, neck - 0.02, -0.05), (0.05, neck + 0.1, 0.05), "skin")
    p.put("ellipsoid", (-0.08, neck + 0.03, -0.1), (0.08, tall + base, 0.1), "skin")
    p.put(
        "ellipsoid", (-0.09, neck + 0.12, -0.05), (0.09, tall + base + 0.02, 0.12), "soft", "hair"
    )


FLOOR_THINGS: tuple[Callable[[Place], None], ...] = (
    table, table, chair, chair, sofa, bed, cupboard, plant, box,
)  # fmt: skip


def along_walls(p: Place, room: Array) -> None:
    """Cupboards, beds and sofas with their backs to the walls; windows, doors and pictures on
    them. room: (width, height, length), m, its floor's middle at the origin."""
    for side, length, reach in _walls(room):
        place = p.at(0, 0, side)
        for _ in range(int(p.rng.integers(0, 4))):
            x = p.rng.uniform(-length, length)
            things = (cupboard, cupboard, sofa, bed, table)
            thing = things[int(p.rng.integers(len(things)))]
            back = 1.1 if thing is bed else 0.5
            c, s = np.cos(side), np.sin(side)
            away = reach - back
            thing(p.at(c * x + s * away, -s * x + c * away, side))
        for _ in range(int(p.rng.integers(0, 3))):
            _hang(place, length, reach, float(room[1]))


def _hang(p: Place, length: float, reach: float, height: float) -> None:
    """A window, a door or a picture on a wall that lies `reach` m ahead."""
    x, thick = p.rng.uniform(-length, length), p.rng.uniform(0.01, 0.05)
    kind = str(p.rng.choice(["window", "furniture", "picture"], p=[0.3, 0.25, 0.45]))
    w = p.rng.uniform(0.35, 0.5) if kind == "furniture" else p.rng.uniform(0.15, 0.9)
    low = 0.0 if kind == "furniture" else p.rng.uniform(0.7, 1.4)
    top = min(height - 0.1, 2.05 if kind == "furniture" else low + p.rng.uniform(0.3, 1.2))
    name = f"{x}"
    p.put("box", (x - w, low, reach - thick), (x + w, top, reach), kind, name)


def _walls(room: Array) -> Iterator[tuple[float, float, float]]:
    """Of each wall: how far one turns to look at it, half its length, how far away it is."""
    wide, long = float(room[0]) / 2, float(room[2]) / 2
    for quarter in range(4):
        half, reach = (wide, long) if quarter % 2 == 0 else (long, wide)
        yield quarter * np.pi / 2, half, reach


def scattered(p: Place, room: Array, count: int) -> None:
    """Furniture and people anywhere on the floor."""
    for _ in range(count):
        x, z = (p.rng.uniform(-0.45, 0.45) * float(room[axis]) for axis in (0, 2))
        thing = FLOOR_THINGS[int(p.rng.integers(len(FLOOR_THINGS)))]
        thing(p.at(x, z, float(p.rng.choice([0, np.pi / 2, np.pi]) + p.rng.normal(0, 0.3))))
