"""Things that are no heads but look a little like one, drawn into training pictures.

Hands, fists, face prints on clothes, bright discs and cars made detectors fire on real footage;
here they are drawn in code. They are drawn beside heads, or over a small part of one.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edgereg.geometry import box_iou
from edgereg_training.detection.scene import Image, Scene

# A head of which more is covered by a distractor is ignored.
MOST_COVERED = 0.4

Draw = Callable[[Image, np.ndarray, float, np.random.Generator], None]

# A few skin tones (RGB), from light to dark; a drawn hand takes a blend of two.
_SKIN = np.array([[236, 196, 172], [212, 160, 128], [176, 120, 90], [120, 78, 56], [78, 50, 38]])


def add_distractors(scene: Scene, rng: np.random.Generator, most: int = 4) -> Scene:
    """The scene with 0 to `most` distractors; a head that they cover largely is ignored."""
    image = scene.image.copy()
    size = min(image.shape[:2])
    for _ in range(int(rng.integers(0, most + 1))):
        draw, over_heads = _KINDS[int(rng.integers(len(_KINDS)))]
        radius = float(np.exp(rng.uniform(np.log(size * 0.02), np.log(size * 0.22))))
        spot = _spot(scene, radius, over_heads, rng)
        if spot is not None:
            draw(*_window(image, *spot), spot[1], rng)
    covered = [_changed(scene.image, image, box) > MOST_COVERED for box in scene.boxes]
    return Scene(image, scene.boxes, scene.ignored | np.array(covered, bool))


def _changed(before: Image, after: Image, box: np.ndarray) -> float:
    """Share of a box's pixels that differ."""
    x1, y1, x2, y2 = (max(0, round(float(v))) for v in box)
    difference = before[y1:y2, x1:x2] != after[y1:y2, x1:x2]
    return float(difference.any(axis=2).mean()) if difference.size else 0.0


def _spot(
    scene: Scene, radius: float, over_heads: bool, rng: np.random.Generator
) -> tuple[np.ndarray, float] | None:
    """Centre (x, y) and radius of a place: off all heads or, for hands, low on a head."""
    if over_heads and len(scene.boxes) and rng.random() < 0.5:
        box = scene.boxes[rng.integers(len(scene.boxes))]
        side = box[2:] - box[:2]
        radius = float(side.mean() * rng.uniform(0.2, 0.34))
        return box[:2] + side * (rng.uniform(-0.1, 1.1), rng.uniform(0.85, 1.25)), radius
    height, width = scene.image.shape[:2]
    for _ in range(6):
        centre = rng.uniform(0, 1, 2) * (width, height)
        own = np.array([[*(centre - radius), *(centre + radius)]])
        if not len(scene.boxes) or box_iou(own, scene.boxes).max() < 0.01:
            return centre, radius
    return None


def _window(image: Image, centre: np.ndarray, radius: float) -> tuple[Image, np.ndarray]:
    """The part of the picture that a drawing can reach, and the centre in it."""
    low = np.maximum(centre - 4.5 * radius, 0).astype(int)
    high = np.minimum(centre + 4.5 * radius + 1, image.shape[1::-1]).astype(int)
    return image[low[1] : high[1], low[0] : high[0]], centre - low


def _skin(rng: np.random.Generator) -> np.ndarray:
    a, b = _SKIN[rng.integers(0, len(_SKIN), 2)]
    colour: np.ndarray = (a + (b - a) * rng.random()) * rng.uniform(0.75, 1.1)
    return np.asarray(np.clip(colour, 0, 255))


def _shaded(image: Image, mask: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> None:
    """Paint where mask (uint8, 0 to 255) is set, darker towards the mask's border and one side."""
    thick = np.minimum(cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3), 12)
    light = 0.7 + 0.3 * thick / max(float(thick.max()), 1.0)
    side = np.linspace(rng.uniform(0.75, 1.1), rng.uniform(0.75, 1.1), mask.shape[1])
    paint = colour * (light * side)[..., None]
    alpha = (mask / 255.0)[..., None]
    image[:] = np.clip(image * (1 - alpha) + paint * alpha, 0, 255).astype(np.uint8)


def _hand(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A palm with fingers spread or closed, or a fist, and a forearm or sleeve."""
    up = rng.uniform(-np.pi, 0) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi)
    fist = rng.random() < 0.5
    palm = (0.7 if fist else 0.45) * radius
    mask = np.zeros(image.shape[:2], np.uint8)
    _ellipse(mask, centre, (palm * 1.15, palm * rng.uniform(0.75, 1.0)), float(np.degrees(up)))
    if not fist:
        _fingers(mask, centre, radius, up, rng)
    arm = np.zeros_like(mask)
    elbow = centre - _direction(up) * radius * 4 + rng.normal(0, 0.8, 2) * radius
    _line(arm, centre - _direction(up) * palm, elbow, radius * rng.uniform(0.6, 1.4))
    skin = _skin(rng)
    sleeve = np.full(3, rng.uniform(5, 70)) if rng.random() < 0.5 else rng.uniform(10, 240, 3)
    _shaded(image, arm, skin if rng.random() < 0.25 else sleeve, rng)
    _shaded(image, mask, skin, rng)
    if fist:
        _folded(image, centre, palm, up, skin, rng)


def _folded(
    image: Image,
    centre: np.ndarray,
    palm: float,
    up: float,
    skin: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Four folded fingers side by side, each round in the light, and the thumb across them."""
    along, across = _direction(up), _direction(up + np.pi / 2)
    if rng.random() < 0.5:
        along, across = across, along
    width, light = palm * rng.uniform(0.38, 0.5), rng.uniform(0.85, 1.15, 4)
    for gap, shade in zip((-0.6, -0.2, 0.2, 0.6), light, strict=True):
        finger = np.zeros(image.shape[:2], np.uint8)
        start = centre + across * gap * palm * 1.2 - along * palm * rng.uniform(0.1, 0.5)
        _line(finger, start, start + along * palm * rng.uniform(0.7, 1.0), width)
        _shaded(image, finger, skin * shade, rng)
    if rng.random() < 0.6:
        thumb = np.zeros(image.shape[:2], np.uint8)
        start = centre - across * palm * 0.7 - along * palm * 0.3
        _line(thumb, start, start + across * palm * 1.2 + along * palm * 0.2, width)
        _shaded(image, thumb, skin * rng.uniform(0.85, 1.1), rng)


def _fingers(
    mask: np.ndarray, centre: np.ndarray, radius: float, up: float, rng: np.random.Generator
) -> None:
    spread, reach = rng.uniform(0.15, 0.9), rng.uniform(0.1, 0.6) * radius
    palm, across = 0.45 * radius, _direction(up + np.pi / 2)
    for finger in np.linspace(-0.5, 0.5, 4):
        start = centre + _direction(up) * palm * 0.7 + across * finger * palm * 1.3
        end = start + _direction(up + finger * spread) * reach * rng.uniform(0.8, 1.1)
        _line(mask, start, end, radius * 0.16)
    if rng.random() < 0.7:
        thumb = up + rng.choice([-1, 1]) * rng.uniform(0.7, 1.3)
        _line(mask, centre, centre + _direction(thumb) * radius * 0.7, radius * 0.17)


def _face_print(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A flat print of a face or skull in two colours, as on a shirt."""
    light, dark = rng.uniform(150, 255), rng.uniform(0, 70)
    if rng.random() < 0.3:
        light, dark = dark, light
    tint = rng.uniform(0.85, 1.0, 3)
    if rng.random() < 0.8:
        cloth = np.zeros(image.shape[:2], np.uint8)
        _ellipse(cloth, centre, (radius * 1.7, radius * 1.9), 0)
        _shaded(image, cloth, dark * tint, rng)
    skull = np.zeros(image.shape[:2], np.uint8)
    _ellipse(skull, centre, (radius * rng.uniform(0.7, 1.0), radius), 0)
    _flat(image, skull, light * tint)
    holes = np.zeros(image.shape[:2], np.uint8)
    apart, high = rng.uniform(0.3, 0.45) * radius, rng.uniform(0.05, 0.3) * radius
    for sign in (-1, 1):
        eye = centre + np.array([sign * apart, -high])
        _ellipse(holes, eye, radius * rng.uniform(0.1, 0.3, 2), float(rng.uniform(-30, 30)))
    _ellipse(holes, centre + np.array([0, 0.2 * radius]), radius * rng.uniform(0.06, 0.15, 2), 0)
    for step in np.linspace(-0.4, 0.4, int(rng.integers(1, 7))):
        top = centre + np.array([step * radius, 0.5 * radius])
        _line(holes, top, top + np.array([0, rng.uniform(0.05, 0.3) * radius]), radius * 0.08)
    _flat(image, holes, dark * tint)


def _disc(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A plain ellipse, shaded or flat: a table top, a lamp, a ball, a plate."""
    mask = np.zeros(image.shape[:2], np.uint8)
    _ellipse(mask, centre, (radius, radius * rng.uniform(0.2, 1.2)), float(rng.uniform(0, 180)))
    colour = rng.choice([_skin(rng), rng.uniform(0, 255, 3), np.full(3, rng.uniform(200, 255))])
    (_shaded if rng.random() < 0.6 else _plain)(image, mask, colour, rng)


def _car(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A car seen from behind: body, dark window, lamps, wheels and shadow."""
    body = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(10, 240))
    x, y = centre
    w, h = radius, radius * rng.uniform(0.55, 0.8)
    _box(image, x - w, y + 0.5 * h, x + w, y + h, np.full(3, 20.0))
    _box(image, x - w, y - 0.2 * h, x + w, y + 0.7 * h, body)
    roof = np.array(
        [
            [x - 0.9 * w, y - 0.2 * h],
            [x - 0.6 * w, y - h],
            [x + 0.6 * w, y - h],
            [x + 0.9 * w, y - 0.2 * h],
        ]
    )
    cv2.fillConvexPoly(image, roof.astype(np.int32), _tuple(body * 0.9), cv2.LINE_AA)
    window = np.array([x, y - 0.55 * h]) + (roof - [x, y - 0.55 * h]) * 0.8
    cv2.fillConvexPoly(image, window.astype(np.int32), _tuple(rng.uniform(20, 90, 3)), cv2.LINE_AA)
    for sign in (-1, 1):
        lamp = (x + sign * 0.8 * w, y + 0.05 * h)
        _box(
            image,
            lamp[0] - 0.14 * w,
            lamp[1],
            lamp[0] + 0.14 * w,
            lamp[1] + 0.25 * h,
            np.array([200.0, 30, 30]) * rng.uniform(0.5, 1.2),
        )


def _panel(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A rectangle with a frame and a few bars or letters: a screen, badge, poster, window."""
    w, h = radius * rng.uniform(0.3, 2.0, 2)
    x, y = centre
    _box(image, x - w, y - h, x + w, y + h, rng.uniform(0, 255, 3))
    _box(image, x - 0.85 * w, y - 0.85 * h, x + 0.85 * w, y + 0.85 * h, rng.uniform(0, 255, 3))
    for _ in range(int(rng.integers(0, 5))):
        a = centre + rng.uniform(-0.8, 0.5, 2) * (w, h)
        b = a + rng.uniform(0.05, 0.4, 2) * (w, h)
        _box(image, a[0], a[1], b[0], b[1], rng.uniform(0, 255, 3))


def _blob(image: Image, centre: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """A rounded or ragged shape, smooth or textured, often dark: a chair, a bag, a bush."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    power = rng.uniform(0.35, 1.3)  # from nearly a rectangle to an ellipse
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    ragged = rng.uniform(0, 0.25) if rng.random() < 0.5 else 0.0
    wave = 1 + ragged * rng.standard_normal(len(angle)) + rng.uniform(0, 0.2) * np.cos(3 * angle)
    stretch = rng.uniform(0.5, 1.6)
    outline = np.stack([x * stretch, y], axis=1) * (radius * wave)[:, None] + centre
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 255, cv2.LINE_AA)
    colour = rng.choice(
        [
            rng.uniform(5, 70, 3),
            np.full(3, rng.uniform(5, 90)),
            _skin(rng),
            rng.uniform(0, 255, 3),
            rng.uniform(20, 110) * np.array([0.8, 1, 0.5]),
        ]
    )
    _shaded(image, mask, colour, rng)
    if rng.random() < 0.5:
        grain = rng.standard_normal((24, 24)).astype(np.float32) * np.float32(rng.uniform(5, 30))
        height, width = image.shape[:2]
        texture = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
        textured = np.clip(image + texture, 0, 255).astype(np.uint8)
        image[mask > 127] = textured[mask > 127]


def _plain(image: Image, mask: np.ndarray, colour: np.ndarray, rng: np.random.Generator) -> None:
    _flat(image, mask, colour)


def _flat(image: Image, mask: np.ndarray, colour: np.ndarray) -> None:
    image[mask > 127] = np.clip(colour, 0, 255).astype(np.uint8)


def _box(image: Image, x1: float, y1: float, x2: float, y2: float, colour: np.ndarray) -> None:
    cv2.rectangle(image, (int(x1), int(y1)), (int(x2), int(y2)), _tuple(colour), -1)


def _tuple(colour: np.ndarray) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in np.clip(colour, 0, 255))
    return r, g, b


def _point(xy: np.ndarray) -> tuple[int, int]:
    return int(xy[0]), int(xy[1])


def _direction(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)])


def _ellipse(
    mask: np.ndarray, centre: np.ndarray, axes: tuple[float, float] | np.ndarray, angle: float
) -> None:
    whole = (max(1, int(axes[0])), max(1, int(axes[1])))
    cv2.ellipse(mask, (int(centre[0]), int(centre[1])), whole, angle, 0, 360, 255, -1, cv2.LINE_AA)


def _line(mask: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    a, b = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.line(mask, a, b, 255, max(1, int(width)), cv2.LINE_AA)


# (what draws it, whether it may cover part of a head)
_KINDS: tuple[tuple[Draw, bool], ...] = (
    (_hand, True),
    (_hand, True),
    (_hand, True),
    (_face_print, False),
    (_disc, False),
    (_car, False),
    (_panel, False),
    (_blob, False),
    (_blob, False),
)
