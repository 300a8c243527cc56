"""One picture of a road or track from a car, and the steering that keeps its lane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgereg_training.render.geometry import Array
from edgereg_training.render.noise import fractal
from edgereg_training.render.tracks.camera import Camera, random_camera
from edgereg_training.render.tracks.path import (
    Path,
    lane_coordinates,
    random_path,
    steering_along,
)
from edgereg_training.render.tracks.surface import (
    Surface,
    bare_floor,
    paint,
    random_road,
    random_track,
    spread,
)
from edgereg_training.render.tracks.things import draw_cones, hall, landscape, scatter


@dataclass(frozen=True)
class TrackView:
    """image: uint8 [H, W, 3] RGB; steering in -1..1, positive to the right, a share of full lock
    (see `path.steering_along`); kind: 'road', 'tape' or 'cones'."""

    image: npt.NDArray[np.uint8]
    steering: float
    kind: str


def draw_track(rng: np.random.Generator, height: int, width: int) -> TrackView:
    """A random road (45 of 100), track of tape (45) or of cones (10), camera, light and place of
    the car in its lane."""
    kind = str(rng.choice(["road", "tape", "cones"], p=[0.45, 0.45, 0.1]))
    lane = float(rng.uniform(1.8, 4.0))
    surface = {"road": lambda: random_road(rng, lane), "tape": lambda: random_track(rng, lane),
               "cones": lambda: bare_floor(rng)}[kind]()  # fmt: skip
    bend = float(rng.choice([0.02, 0.08, 0.16], p=[0.3, 0.35, 0.35]))
    offset = float(np.clip(rng.normal(0, 0.15), -0.33, 0.33)) * lane
    path = random_path(rng, offset, float(rng.normal(0, 0.12)), bend)
    camera = random_camera(rng, height, width)
    rays = camera.rays()
    indoors = kind != "road"
    picture = hall(rng, rays) if indoors else landscape(rng, rays)
    _lay_ground(rng, picture, camera, rays, path, surface)
    if kind == "cones":
        draw_cones(rng, picture, camera, path, lane)
    scatter(rng, picture, camera, road=not indoors)
    return TrackView(_photographed(rng, picture), steering_along(path), kind)


def _lay_ground(
    rng: np.random.Generator,
    picture: Array,
    camera: Camera,
    rays: Array,
    path: Path,
    surface: Surface,
) -> None:
    seen = rays[..., 1] < -0.012
    down = rays[seen]
    reach = -1 / down[:, 1]
    ground = down[:, [0, 2]] * reach[:, None]
    across = reach / camera.focal
    places = lane_coordinates(path, ground)
    colours = paint(rng, surface, places, ground, (across, across * np.maximum(reach, 1.0)))
    picture[seen] = colours * _light(rng, ground)[:, None]


def _light(rng: np.random.Generator, ground: Array) -> Array:
    """Shadows of trees, or the glare of lamps, on the ground."""
    if rng.random() < 0.45:
        return np.ones(len(ground), np.float32)
    amount = spread(rng, fractal(rng, 128, 128, 0.6, 5), 40.0, ground)
    strength = rng.uniform(0.1, 0.5)
    return np.asarray(1 + strength * np.clip(amount * rng.choice([-1, 1]), -1, 1.2), np.float32)


def _photographed(rng: np.random.Generator, picture: Array) -> npt.NDArray[np.uint8]:
    """Exposure, colour of the light, vignette, the car's bonnet, blur of motion, noise."""
    height, width = picture.shape[:2]
    if rng.random() < 0.12:
        bonnet = (width // 2 + int(rng.normal(0, width * 0.05)), int(height * 1.1))
        axes = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.12, 0.25))
        shade = float(rng.uniform(0.05, 0.5))
        cv2.ellipse(picture, bonnet, axes, 0, 0, 360, (shade, shade, shade), -1, cv2.LINE_AA)
    light = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.06, 3))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    vignette = 1 - rng.uniform(0, 0.3) * (x**2 + y**2) / 2
    picture = picture * light * vignette[..., None]
    if rng.random() < 0.4:
        length = 2 * int(rng.integers(1, 4)) + 1
        if rng.random() < 0.7:
            turning = np.full((1, length), 1 / length)
            picture = cv2.filter2D(picture, -1, turning, borderType=cv2.BORDER_REPLICATE)
        else:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2))
    picture = np.clip(picture, 0, 1) ** np.exp(rng.normal(0, 0.12))
    noisy = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    return np.asarray(np.clip(noisy * 255 + 0.5, 0, 255), np.uint8)
