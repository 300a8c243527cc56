"""Photographed materials for rendered people: skins, hair, expressions, places and their light.

All are CC0 and lie in one folder, as `load_photographed` says; none is part of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from edgereg_training.render.assets import Assets
from edgereg_training.render.atlas import HEIGHT, WIDTH, skin_window
from edgereg_training.render.errors import AssetError
from edgereg_training.render.geometry import Array
from edgereg_training.render.lighting import Light
from edgereg_training.render.traits import Traits

# Share of identities with a photographed skin, and of scenes in a photographed place: the rest
# stays as varied as only code makes it.
SKIN_SHARE, PLACE_SHARE = 0.75, 0.6
# A tone (`Traits.tone`) from which a skin is taken from the dark ones.
DARK_FROM = 4.2
# Share of the sphere around a panorama's brightest spot that becomes the lamp.
LAMP_SHARE = 0.015


@dataclass(frozen=True, eq=False)
class Skin:
    """atlas uint8 [HEIGHT,WIDTH,3] sRGB, laid out as `Atlas`; what its name says of it."""

    atlas: Array
    male: bool
    dark: bool
    years: float


@dataclass(frozen=True, eq=False)
class Place:
    """panorama uint8 [512,1024,3]; radiance float32 [32,64,3] linear, or None: its light."""

    panorama: Array
    radiance: Array | None


@dataclass(frozen=True, eq=False)
class Photographed:
    """skins; hair: style -> RGBA uint8 [256,256,4]; units: expression units as targets, name ->
    (vertices [n], offsets [n,3] dm); places."""

    skins: tuple[Skin, ...]
    hair: dict[str, Array]
    units: dict[str, tuple[Array, Array]]
    places: tuple[Place, ...]

    def skin_of(self, seed: int, traits: Traits) -> Array | None:
        """The skin of person number `seed`, one of the nearest in sex, tone and age; or None."""
        rng = np.random.default_rng([0x5C1, seed])
        if rng.random() >= SKIN_SHARE or traits.age < 10:
            return None
        dark = traits.tone > DARK_FROM

        def distance(skin: Skin) -> float:
            years = abs(skin.years - traits.age) / 25
            return years + 2 * (skin.dark != dark) + 1.5 * (skin.male != (traits.male > 0.5))

        nearest = sorted(self.skins, key=distance)[:4]
        return nearest[int(rng.integers(len(nearest)))].atlas


@lru_cache(maxsize=1)
def load_photographed(folder: Path, assets: Assets) -> Photographed:
    """Read `makehuman_textures`, `faceunits_cc0` and `panoramas_cc0` in `folder`.

    assets: the mesh whose layout the skins have. Raises AssetError where something is missing.
    """
    textures = folder / "makehuman_textures"
    for needed in (textures / "skins", folder / "faceunits_cc0", folder / "panoramas_cc0"):
        if not needed.is_dir():
            raise AssetError(f"the folder of photographed materials lacks {needed}")
    window = skin_window(assets)
    return Photographed(
        skins=tuple(_skin(path, window) for path in sorted((textures / "skins").rglob("*.jpg"))),
        hair={path.parent.name: _hair(path) for path in sorted(textures.glob("hair/*/*diffuse*"))},
        units={
            path.stem: _unit(path) for path in sorted((folder / "faceunits_cc0").glob("*.target"))
        },
        places=_places(folder / "panoramas_cc0"),
    )


def _picture(path: Path, flags: int = cv2.IMREAD_COLOR) -> Array:
    pixels = cv2.imread(str(path), flags)
    if pixels is None:
        raise AssetError(f"{path} can't be read as a picture")
    return np.asarray(pixels)


def _skin(path: Path, window: Array) -> Skin:
    pixels = _picture(path)[..., ::-1]
    height, width = pixels.shape[:2]
    (left, low), (right, high) = window
    rows = slice(int((1 - high) * height), int(np.ceil((1 - low) * height)))
    columns = slice(int(left * width), int(np.ceil(right * width)))
    part = np.ascontiguousarray(pixels[rows, columns])
    shrinks = part.shape[0] > HEIGHT
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    atlas = cv2.resize(part, (WIDTH, HEIGHT), interpolation=method)
    name = path.stem.lower()
    years = next((age for word, age in (("old", 72.0), ("middleage", 45.0)) if word in name), 25.0)
    male = "male" in name and "female" not in name
    dark = "dark" in name.replace("darth", "") or "african" in name
    return Skin(np.asarray(atlas, np.uint8), male, dark, years)


def _hair(path: Path) -> Array:
    pixels = _picture(path, cv2.IMREAD_UNCHANGED)
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    small = cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGRA2RGBA), np.uint8)


def _unit(path: Path) -> tuple[Array, Array]:
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line[:1].isdigit()]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return table[:, 0].astype(np.int32), table[:, 1:]


def _places(folder: Path) -> tuple[Place, ...]:
    with np.load(folder / "radiance_32x64_f16.npz") as file:
        light = {name: file[name].astype(np.float32) for name in file.files}
    places = []
    for path in sorted(folder.glob("*.jpg")):
        own = next((light[name] for name in light if path.stem.startswith(name)), None)
        places.append(Place(_picture(path)[..., ::-1], own))
    return tuple(places)


def place_view(rng: np.random.Generator, place: Place, height: int, width: int) -> Array:
    """A view into a panorama uint8 [height,width,3]: 40 to 100 degrees across."""
    panorama = place.panorama
    across = rng.uniform(0.11, 0.28) * panorama.shape[1]
    tall = min(across * height / width, 0.72 * panorama.shape[0])
    across = tall * width / height
    top = int(np.clip(rng.normal(0.47, 0.06) * panorama.shape[0] - tall / 2, 0,
                      panorama.shape[0] - tall))  # fmt: skip
    left = int(rng.integers(panorama.shape[1]))
    columns = np.arange(left, left + max(2, int(across))) % panorama.shape[1]
    part = panorama[top : top + max(2, int(tall))][:, columns]
    method = cv2.INTER_AREA if part.shape[0] > height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (width, height), interpolation=method), np.uint8)


def place_light(rng: np.random.Generator, place: Place) -> Light | None:
    """The light of a place from any side: its brightest spot as a lamp, the rest as surroundings.

    Surroundings of first order: of radiance a + b . d a white surface of normal n sends back
    a + 2/3 b . n (Ramamoorthi and Hanrahan, SIGGRAPH 2001). The level is set by a camera.
    """
    if place.radiance is None:
        return None
    height, width = place.radiance.shape[:2]
    radiance = np.roll(place.radiance, int(rng.integers(width)), axis=1)
    polar = (np.arange(height) + 0.5) / height * np.pi
    azimuth = (np.arange(width) + 0.5) / width * 2 * np.pi
    sine = np.sin(polar)[:, None]
    up = np.broadcast_to(np.cos(polar)[:, None], (height, width))
    towards = np.stack([sine * np.sin(azimuth), up, sine * np.cos(azimuth)], axis=-1)
    share = np.broadcast_to(sine / (sine.sum() * width), (height, width))
    bright = radiance.mean(axis=-1)
    peak = towards[np.unravel_index(int(bright.argmax()), bright.shape)]
    spot = towards @ peak > 1 - 2 * LAMP_SHARE
    lamp = (radiance * (share * spot)[..., None]).sum((0, 1)) * 4
    around = np.where(spot[..., None], radiance[~spot].mean(0), radiance)
    constant = (around * share[..., None]).sum((0, 1))
    slopes = 2 * np.einsum("hwc,hwd,hw->cd", around, towards, share)
    level = rng.uniform(0.55, 1.0) / max(float((constant + 0.5 * lamp).mean()), 1e-6)
    tint = (constant + lamp) / (constant + lamp).mean()
    balance = level * tint**-0.6  # a camera's white balance takes most of the colour away
    return Light(
        directions=peak[None].astype(np.float32),
        colours=np.minimum(lamp * balance, 1.6)[None].astype(np.float32),
        ambient=np.concatenate([constant[:, None], slopes], 1).astype(np.float32)
        * balance[:, None].astype(np.float32),
        gloss=float(rng.uniform(0.4, 1.3)),
        exposure=float(np.exp(rng.normal(0.05, 0.22))),
    )


def place_of_scene(rng: np.random.Generator, photographed: Photographed) -> Place | None:
    """Where a scene is set: one of the places, or None for one that is drawn."""
    if rng.random() >= PLACE_SHARE or not photographed.places:
        return None
    return photographed.places[int(rng.integers(len(photographed.places)))]


def light_of_places(rng: np.random.Generator, photographed: Photographed) -> Light | None:
    """The light of a random place, or None where it is to be drawn."""
    place = place_of_scene(rng, photographed)
    return None if place is None else place_light(rng, place)


def with_places(
    rng: np.random.Generator, pool: list[Array], photographed: Photographed
) -> list[Array]:
    """A pool of square backgrounds in which places take their share."""
    out = []
    for drawn in pool:
        place = place_of_scene(rng, photographed)
        side = drawn.shape[0]
        out.append(drawn if place is None else place_view(rng, place, side, side))
    return out
