"""Outlines of people and vehicles, part by part, for rendered motion.

They need not look real: a network that knows only blobs of one texture takes a person for her
shirt, so what matters is that unlike parts make one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """outline: [N, 2] in shares of the sprite's side; cloth: parts of one number look alike;
    colour: RGB, or None for any; shade: factor of brightness."""

    outline: Array
    cloth: int
    colour: tuple[float, float, float] | None = None
    shade: float = 1.0


def figure_parts(rng: np.random.Generator) -> list[Part]:
    """A standing or walking person from some side; at times only the upper half."""
    skin = tuple(np.array([1.0, 0.8, 0.66]) * rng.uniform(60, 235))
    hair = tuple(np.array([1.0, 0.8, 0.6]) * rng.uniform(10, 170))
    head, width = rng.uniform(0.05, 0.075), rng.uniform(0.07, 0.13)
    neck, hip = 0.02 + 2.3 * head, rng.uniform(0.46, 0.56)
    stride, lean = rng.uniform(-0.12, 0.12), rng.uniform(-0.03, 0.03)
    middle = 0.5
    parts = []
    if rng.random() < 0.8:
        knee = (hip + 0.98) / 2
        for side, shade in ((-1, 0.8), (1, 1.0)):
            foot = middle + side * stride
            bend = (middle + foot) / 2 + rng.uniform(0, 0.03)
            parts.append(
                Part(
                    limb(
                        [(middle + side * width / 3, hip - 0.02), (bend, knee), (foot, 0.96)],
                        width * 0.42,
                    ),
                    1,
                    None,
                    shade,
                )
            )
            parts.append(Part(ellipse(foot + 0.015, 0.965, 0.045, 0.022), 3))
    parts.append(Part(torso(middle + lean, middle, neck, hip, width), 0))
    for side, shade in ((-1, 0.85), (1, 1.05)):
        shoulder = (middle + lean + side * width * 0.9, neck + 0.04)
        elbow = (shoulder[0] + side * rng.uniform(0.0, 0.06), neck + 0.19)
        hand = (elbow[0] + rng.uniform(-0.1, 0.1), elbow[1] + rng.uniform(-0.08, 0.15))
        parts.append(Part(limb([shoulder, elbow, hand], width * 0.3), 0, None, shade))
        parts.append(Part(ellipse(*hand, 0.02, 0.025), 2, skin))
    crown = (middle + 1.3 * lean, 0.02 + head * 1.25)
    parts.append(Part(ellipse(*crown, head * 0.95, head * 1.25), 4, hair))
    if rng.random() < 0.7:
        turn = rng.uniform(-0.3, 0.3)
        parts.append(
            Part(
                ellipse(crown[0] + turn * head, crown[1] + 0.25 * head, head * 0.75, head), 2, skin
            )
        )
    return parts


def vehicle_parts(rng: np.random.Generator) -> list[Part]:
    """A car, van or bus from the side, from behind, or from above."""
    length = 0.94
    view = rng.random()
    glass = tuple(np.array([0.8, 0.95, 1.0]) * rng.uniform(20, 130))
    if view < 0.25:
        width = rng.uniform(0.4, 0.5)
        low, high = 0.5 - width / 2, 0.5 + width / 2
        body = Part(rounded(0.03, low, 0.97, high, 0.1), 0)
        return [
            body,
            Part(rounded(0.28, low + 0.05, 0.38, high - 0.05, 0.03), 1, glass),
            Part(rounded(0.7, low + 0.05, 0.78, high - 0.05, 0.03), 1, glass),
        ]
    behind = view < 0.55
    tall = rng.uniform(0.6, 0.9) if behind else rng.uniform(0.3, 0.48)
    top, bottom = 0.5 - tall / 2, 0.5 + tall / 2
    belt = top + tall * rng.uniform(0.35, 0.5)
    slope = 0.08 if behind else rng.uniform(0.03, 0.25)
    cabin = np.array([[0.03 + slope, top], [0.97 - slope, top], [0.95, belt], [0.05, belt]])
    inner = (cabin - [0.5, (top + belt) / 2]) * [0.88, 0.75] + [0.5, (top + belt) / 2]
    wheels = (0.14, 0.86) if behind else (0.22, 0.78)
    wide = 0.05 if behind else tall * 0.22
    parts = [
        Part(ellipse(x, bottom - tall * 0.1, wide, tall * 0.2), 2, (25.0, 25.0, 28.0))
        for x in wheels
    ]
    parts += [
        Part(rounded(0.03, belt - 0.02, 0.03 + length, bottom - tall * 0.08, 0.05), 0),
        Part(cabin, 0, None, 0.9),
        Part(inner, 1, glass),
    ]
    if behind:
        parts += [
            Part(rounded(x, belt + 0.05, x + 0.12, belt + 0.13, 0.01), 3, (190.0, 20.0, 25.0))
            for x in (0.06, 0.82)
        ]
        parts.append(
            Part(rounded(0.4, belt + 0.12, 0.6, belt + 0.2, 0.01), 4, (225.0, 225.0, 215.0))
        )
    return parts


def ellipse(x: float, y: float, a: float, b: float) -> Array:
    """The outline about (x, y) with half axes a and b."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([x + a * np.cos(angle), y + b * np.sin(angle)], axis=1)


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> Array:
    """A box with round corners."""
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = []
    for x, y, start in (
        (right - r, bottom - r, 0),
        (left + r, bottom - r, 90),
        (left + r, top + r, 180),
        (right - r, top + r, 270),
    ):
        angle = np.radians(np.linspace(start, start + 90, 6))
        corners.append(np.stack([x + r * np.cos(angle), y + r * np.sin(angle)], axis=1))
    return np.concatenate(corners)


def limb(joints: list[tuple[float, float]], width: float) -> Array:
    """The outline of a bent limb through joints, thinner towards its end."""
    points = np.array(joints)
    way = np.gradient(points, axis=0)
    across = np.stack([-way[:, 1], way[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    half = width * np.linspace(0.6, 0.35, len(points))[:, None]
    return np.concatenate([points + across * half, (points - across * half)[::-1]])


def torso(shoulders: float, hips: float, top: float, bottom: float, width: float) -> Array:
    """From the shoulders' middle at `top` to the hips' at `bottom`."""
    return np.array([
        [shoulders - width * 0.4, top - 0.01], [shoulders + width * 0.4, top - 0.01],
        [shoulders + width, top + 0.035], [hips + width * 0.8, bottom],
        [hips - width * 0.8, bottom], [shoulders - width, top + 0.035],
    ])  # fmt: skip
