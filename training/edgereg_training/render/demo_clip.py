"""The clip of `edgereg demo`: rendered people in motion, with the exact truth of every frame.

    python -m edgereg_training.render.demo_clip ASSETS OUT   (ASSETS: the renderer's asset folder)

writes OUT/demo.mp4 and OUT/demo.json. The identities' numbers are far beyond those of any training
set. The truth is {"fps", "width", "height", "frames": [[head, ...], ...]}, a head being
{"person", "box": [x1, y1, x2, y2] px, "yaw", "pitch", "roll" in degrees}.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgereg_training.render.assets import load_assets
from edgereg_training.render.background import draw_background
from edgereg_training.render.draw import Camera, head_box, paint_person, pose_person, projected
from edgereg_training.render.geometry import Array, rotation_matrix
from edgereg_training.render.identity import Identity
from edgereg_training.render.lighting import Light
from edgereg_training.render.person import build_identity

WIDTH, HEIGHT, FPS, SECONDS = 640, 360, 25, 8
FIRST_IDENTITY = 5_000_000
BACKGROUND_SEED = 39
SUPERSAMPLING = 2
GRAIN = 0.004


@dataclass(frozen=True)
class Actor:
    """One person's part: who it is, where the head is, how large, and how it swings.

    number: added to FIRST_IDENTITY it is the identity's number;
    x, y: centre in shares of the frame; sway: share of the width; side: head height in px;
    swings: (degrees, periods in the clip, phase in turns) of yaw, pitch and roll.
    """

    number: int
    x: float
    y: float
    sway: float
    side: float
    swings: tuple[tuple[float, float, float], ...]


ACTORS = (
    Actor(21, 0.20, 0.42, 0.04, 74.0, ((50, 2, 0.0), (16, 3, 0.1), (12, 1, 0.3))),
    Actor(9, 0.50, 0.36, 0.05, 92.0, ((38, 1, 0.4), (22, 2, 0.6), (24, 3, 0.0))),
    Actor(4, 0.79, 0.40, 0.03, 108.0, ((62, 1, 0.8), (14, 3, 0.2), (16, 2, 0.5))),
)


def pose_at(actor: Actor, turn: float) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees at `turn` in [0, 1) of the clip."""
    yaw, pitch, roll = (
        size * np.sin(2 * np.pi * (periods * turn + phase)) for size, periods, phase in actor.swings
    )
    return float(yaw), float(pitch), float(roll)


def light() -> Light:
    """A soft room: one lamp high to the left, light from all sides."""
    return Light(
        directions=np.array([[-0.4, 0.6, 0.69]], np.float32),
        colours=np.full((1, 3), 0.42, np.float32),
        ambient=np.array([[0.5, 0.02, 0.14, 0.04]] * 3, np.float32),
        gloss=0.8,
        exposure=1.05,
    )


def render_frames(people: list[Identity]) -> Iterator[tuple[Array, list[dict[str, Any]]]]:
    """Frames uint8 [H, W, 3] RGB with their heads, first to last."""
    rng = np.random.default_rng(BACKGROUND_SEED)
    margin = 40
    scenery = draw_background(rng, HEIGHT, WIDTH + margin)
    count = FPS * SECONDS
    for index in range(count):
        turn = index / count
        left = round(margin * (0.5 - 0.5 * np.cos(2 * np.pi * turn)))
        canvas = np.square(scenery[:, left : left + WIDTH] / np.float32(255))
        heads = [
            {"person": number, **paint(canvas, who, actor, turn)}
            for number, (who, actor) in enumerate(zip(people, ACTORS, strict=True), start=1)
        ]
        grain = rng.normal(0, GRAIN, canvas.shape)
        yield np.asarray(np.clip(np.sqrt(canvas) + grain, 0, 1) * 255 + 0.5, np.uint8), heads


def paint(canvas: Array, who: Identity, actor: Actor, turn: float) -> dict[str, Any]:
    """Draw one person onto a linear canvas and tell the truth about the head."""
    yaw, pitch, roll = pose_at(actor, turn)
    trunk = rotation_matrix(0.35 * yaw, 0.1 * pitch, 0.1 * roll)
    posed = pose_person(who, rotation_matrix(yaw, pitch, roll), trunk, whole=True)
    distance = 9.0 * who.size
    x = (actor.x + actor.sway * np.sin(2 * np.pi * turn)) * WIDTH
    camera = Camera(distance, actor.side * distance / who.size, float(x), actor.y * HEIGHT)
    screen = projected(posed, camera)
    low = max(0, int(screen[:, 0].min()) - 2)
    high = min(WIDTH, int(screen[:, 0].max()) + 3)
    window = (low, 0, high - low, HEIGHT)
    paint_person(posed, screen, camera, light(), canvas, window, SUPERSAMPLING)
    box = [round(float(edge), 2) for edge in head_box(posed, screen)]
    angles = {"yaw": round(yaw, 3), "pitch": round(pitch, 3), "roll": round(roll, 3)}
    return {"box": box, **angles}


def write_clip(assets: Path, out: Path) -> None:
    """Render the clip and its truth into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    people = [build_identity(load_assets(assets), FIRST_IDENTITY + a.number) for a in ACTORS]
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(out / "demo.mp4"), codec, FPS, (WIDTH, HEIGHT))
    frames = []
    for image, heads in render_frames(people):
        writer.write(image[..., ::-1])
        frames.append(heads)
    writer.release()
    truth = {"fps": FPS, "width": WIDTH, "height": HEIGHT, "frames": frames}
    (out / "demo.json").write_text(json.dumps(truth, separators=(",", ":")) + "\n", "utf-8")


def main() -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description="Render the clip of `edgereg demo`.")
    parser.add_argument("assets", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    write_clip(arguments.assets, arguments.out)


if __name__ == "__main__":
    main()
