"""People with the faces of others and other clothes: few bodies, thousands of photographs.

A photograph of a face seldom holds the whole head, and its border lies where a detector that
learnt it as it is would learn to see one. Here its face, from the chin to the forehead, takes the
place of that of someone cut from a plain background who looks the same way, and the body's skin
and hair take on its light. The studio's white shirts become clothes of any colour and pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray, Image
from edgereg_training.data.dataset import read_picture
from edgereg_training.detection.photographs.labels import (
    LabelledPicture,
    read_labels,
    write_labels,
)
from edgereg_training.detection.scene import Boxes
from edgereg_training.faces.photographs import JAW, pseudo_labels

# Points of the 68 that place one face on another: corners of eyes and mouth, nose, chin.
PLACING = (36, 39, 42, 45, 27, 30, 31, 35, 48, 54, 8)
BROWS, NOSE_BASE = slice(17, 27), slice(31, 36)
# Degrees of yaw, pitch and roll by which faces that are exchanged may differ.
ALIKE = np.array([12.0, 15.0, 20.0])
# How far a body's colours follow those of its new face.
LEAST_GAIN, MOST_GAIN = 0.35, 1.7
# Share of those who look to the camera that are turned away from it.
AWAY = 0.5
# Longer side of the pictures that are written, in pixels.
SIDE = 256


@dataclass(frozen=True)
class Face:
    """path: of the picture; points: [68, 2] in its pixels; angles: yaw, pitch and roll [3] in
    degrees."""

    path: Path
    points: FloatArray
    angles: FloatArray


@dataclass(frozen=True)
class ExchangeSources:
    """cutouts: `labels.json` of people cut from the photographs in the folder `studio`, see
    `prepare_london`. faces: folder of photographs, of which those in `train` are used. patterns:
    folder of pictures that clothes are made of."""

    cutouts: Path
    studio: Path
    faces: Path
    patterns: Path


def known_faces(folder: Path) -> dict[str, Face]:
    """The faces of a folder of photographs whose points are known, by their file's name."""
    names, points, angles = pseudo_labels(folder)
    return {name: Face(folder / name, points[row], angles[row]) for row, name in enumerate(names)}


def prepare_exchanged(sources: ExchangeSources, out: Path, count: int, seed: int = 1) -> None:
    """Write OUT/labels.json and `count` RGBA pictures of people with others' faces and clothes."""
    rng = np.random.default_rng(seed)
    studio = known_faces(sources.studio)
    bodies = read_labels(sources.cutouts)
    faces = [face for name, face in known_faces(sources.faces).items() if "train/" in name]
    angles = np.stack([face.angles for face in faces])
    patterns = sorted(sources.patterns.glob("*.jpg"))
    out.mkdir(parents=True, exist_ok=True)
    written: list[LabelledPicture] = []
    for number in range(count):
        picture = bodies[int(rng.integers(len(bodies)))]
        person = picture.read().image
        person = dressed(person, float(picture.boxes[0, 3]), _cloth(patterns, rng))
        body = studio.get(_origin(picture.path.stem, studio))
        if body is not None and "front" in picture.path.stem and rng.random() < AWAY:
            person = turned_away(person, body.points, picture.boxes[0], rng)
        elif body is not None:
            alike = (np.abs(angles - body.angles) < ALIKE).all(axis=1)
            # Where nobody looks the same way, the body keeps its own face.
            for row in rng.permutation(np.flatnonzero(alike))[:1]:
                face = faces[int(row)]
                person = exchanged(person, body.points, read_picture(face.path), face.points)
        zoom = SIDE / max(person.shape[:2])
        small = cv2.resize(person, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        # The name keeps the view, which says where the nose points.
        path = out / f"{number:05d}-{picture.path.stem}.png"
        cv2.imwrite(str(path), cv2.cvtColor(small, cv2.COLOR_RGBA2BGRA))
        written.append(LabelledPicture(path, picture.boxes * np.float32(zoom), picture.ignored))
    write_labels(out / "labels.json", written)


def exchanged(person: Image, points: FloatArray, picture: Image, theirs: FloatArray) -> Image:
    """The person, uint8 RGBA [H, W, 4], with the face in `picture`, uint8 [h, w, 3], for their own;
    points, theirs: the 68 points of both, in pixels of each."""
    warp, _ = cv2.estimateAffinePartial2D(
        theirs[list(PLACING)].astype(np.float32),
        points[list(PLACING)].astype(np.float32),
        method=cv2.LMEDS,
    )
    size = (person.shape[1], person.shape[0])
    drawn = np.asarray(cv2.warpAffine(picture, warp, size, flags=cv2.INTER_LINEAR), np.uint8)
    shown = cv2.warpAffine(np.full(picture.shape[:2], 255, np.uint8), warp, size)
    placed = theirs @ warp[:, :2].T + warp[:, 2]
    share = _feathered(_inside(placed, size) & _inside(points, size) & (shown > 0))
    lit = person[..., :3] * _gain(person[..., :3], drawn, share > 0.5)
    return _covered(lit, drawn, share, person[..., 3])


def turned_away(person: Image, points: FloatArray, box: Boxes, rng: np.random.Generator) -> Image:
    """The person, uint8 RGBA [H, W, 4], as from behind: what lies above the face, hair or skin,
    covers the head down to the nape; points: the 68; box: of the head [4]."""
    x1, y1, x2, y2 = (int(v) for v in np.clip(box, 0, person.shape[0]))
    brows = float(points[BROWS, 1].mean())
    hair = int(np.clip(y1 + 0.55 * (brows - y1), y1 + 4, y2 - 1))
    strip = person[y1:hair, x1:x2].astype(np.float32)
    solid = cv2.erode(strip[..., 3], np.ones((5, 5), np.uint8)) / 255
    along, down = 0.3 * (x2 - x1), 0.15 * (x2 - x1)
    known = cv2.GaussianBlur(solid, (0, 0), along, sigmaY=down)[..., None] + 1e-6
    around = cv2.GaussianBlur(strip[..., :3] * solid[..., None], (0, 0), along, sigmaY=down) / known
    texture = strip[..., :3] * solid[..., None] + around * (1 - solid[..., None])
    nape = min(int(y1 + rng.uniform(0.9, 1.03) * (y2 - y1)), person.shape[0])
    stretched = cv2.resize(texture, (x2 - x1, nape - y1), interpolation=cv2.INTER_LINEAR)
    light = 1 - 0.35 * np.linspace(0, 1, nape - y1)[:, None, None]
    covering = stretched * light + rng.normal(0, 6, stretched.shape[:2])[..., None]
    share = np.zeros(person.shape[:2], np.uint8)
    centre = ((x1 + x2) // 2, int(0.45 * y1 + 0.55 * nape - 0.1 * (nape - y1)))
    cv2.ellipse(share, centre, ((x2 - x1) // 2, nape - centre[1]), 0, 0, 360, 255, -1)
    share[y1 : centre[1], x1:x2] = 255
    soft = cv2.GaussianBlur(share, (0, 0), 2)[y1:nape, x1:x2, None] / 255.0
    result = person.copy()
    under = result[y1:nape, x1:x2, :3]
    under[:] = np.clip(under * (1 - soft) + covering * soft, 0, 255)
    return result


def dressed(person: Image, chin: float, cloth: Image) -> Image:
    """The person, uint8 RGBA [H, W, 4], whose white shirt below the row `chin` is of this cloth,
    uint8 [h, w, 3], with the folds that it has."""
    height, width = person.shape[:2]
    colours = person[..., :3].astype(np.float32)
    light = colours.min(axis=2)
    share = (
        np.clip((light - 140) / 50, 0, 1) * np.clip((np.arange(height) - chin) / 6, 0, 1)[:, None]
    )
    pattern = cv2.resize(cloth, (width, height), interpolation=cv2.INTER_LINEAR)
    return _covered(colours, pattern * (light / 235)[..., None], share, person[..., 3])


def _covered(
    under: npt.NDArray[np.floating],
    over: npt.NDArray[Any],
    share: npt.NDArray[np.floating],
    alpha: npt.NDArray[np.uint8],
) -> Image:
    """uint8 RGBA: colours [H, W, 3] with others over them as far as `share` [H, W] says."""
    mixed = under * (1 - share[..., None]) + over * share[..., None]
    return np.asarray(np.dstack([np.clip(mixed, 0, 255).astype(np.uint8), alpha]), np.uint8)


def _cloth(patterns: Sequence[Path], rng: np.random.Generator) -> Image:
    """One colour, or a small part of a picture stretched, in any light."""
    colour = rng.uniform(0, 255, 3) ** 2 / 255 if rng.random() < 0.5 else rng.uniform(10, 255, 3)
    plain = np.broadcast_to(colour, (8, 8, 3))
    if rng.random() < 0.45:
        return plain.astype(np.uint8)
    picture = read_picture(patterns[int(rng.integers(len(patterns)))])
    side = int(min(picture.shape[:2]) * rng.uniform(0.1, 1))
    y, x = (int(rng.integers(0, n - side + 1)) for n in picture.shape[:2])
    part = picture[y : y + side, x : x + side]
    return (
        np.asarray(part * rng.uniform(0.4, 1) + 0.2 * colour, np.uint8)
        if rng.random() < 0.5
        else part
    )


def _origin(stem: str, known: dict[str, Face]) -> str:
    """'009-neutral_front' -> the name of the photograph that it was cut from, '' where its face
    is not known."""
    number, _, view = stem.partition("-")
    return next((name for name in known if name.startswith(f"{view}/{number}_")), "")


def _inside(points: FloatArray, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """bool [H, W]: the face, with the forehead as high as the brows are above the nose's base."""
    brows = points[BROWS]
    forehead = brows + 0.45 * (brows.mean(0) - points[NOSE_BASE].mean(0))
    outline = cv2.convexHull(np.concatenate([points[JAW], forehead]).astype(np.float32))
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    return np.asarray(mask > 0)


def _feathered(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """1 well inside, fading to 0 at the border."""
    width = 0.06 * float(np.sqrt(mask.sum())) + 1
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.clip(distance / width, 0, 1), np.float32)


def _gain(body: Image, drawn: Image, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """What takes the colour of the body's face to that of the new one, float [3]."""
    if not seen.any():
        return np.ones(3)
    ratio = drawn[seen].mean(0) / np.maximum(body[seen].mean(0), 1)
    return np.asarray(np.clip(ratio, LEAST_GAIN, MOST_GAIN), np.float64)
