"""What a person is: age, build, face, expression, hair, skin and clothes, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgereg_training.render.assets import BROWS
from edgereg_training.render.geometry import Array

SKIN_TONES = np.array(
    [[244, 216, 196], [236, 199, 172], [226, 182, 150], [210, 161, 126], [186, 135, 100],
     [154, 106, 76], [120, 80, 57], [90, 60, 45], [66, 45, 36]], np.float64
) / 255  # fmt: skip
HAIR_COLOURS = np.array(
    [[22, 18, 16], [34, 26, 21], [54, 38, 28], [82, 57, 38], [112, 79, 50], [150, 114, 72],
     [192, 158, 108], [122, 58, 32]], np.float64
) / 255  # fmt: skip
_HAIR_SHARE = np.array([0.26, 0.22, 0.17, 0.12, 0.08, 0.06, 0.05, 0.04])
EYE_COLOURS = np.array(
    [[52, 32, 20], [78, 50, 28], [104, 82, 46], [88, 104, 72], [84, 116, 146], [112, 138, 160]],
    np.float64,
) / 255  # fmt: skip
_MALE_HAIR = {
    "bald": 0.1, "buzz": 0.1, "crop": 0.19, "grown": 0.12, "curls": 0.07, "afro": 0.03,
    "short01": 0.09, "short02": 0.07, "short03": 0.04, "short04": 0.09,
    "long01": 0.05, "ponytail01": 0.03, "bob02": 0.02,
}  # fmt: skip
_FEMALE_HAIR = {
    "bald": 0.005, "buzz": 0.02, "crop": 0.04, "grown": 0.05, "curls": 0.05, "afro": 0.04,
    "short01": 0.02, "short02": 0.02, "short03": 0.06, "short04": 0.02,
    "bob01": 0.1, "bob02": 0.1, "long01": 0.235,
    "braid01": 0.1, "ponytail01": 0.14,
}  # fmt: skip


@dataclass(frozen=True)
class Traits:
    """age in years; male, weight, muscle in [0,1]; ethnicity [3] African, Asian, Caucasian.

    Colours are sRGB in [0,1]. tone: 0 (palest) to 8. beard: 0 none to 1 full. grey: share of grey
    hair. brow: number of its
    shape. makeup, recession, redness, freckles in [0,1]. gaze: yaw and pitch of the eyes, rad.
    """

    age: float
    male: float
    ethnicity: Array
    weight: float
    muscle: float
    tone: float
    hair_style: str
    hair_colour: Array
    grey: float
    brow: int
    eye_colour: Array
    beard: float
    makeup: float
    recession: float
    redness: float
    freckles: float
    gaze: Array


def draw_traits(rng: np.random.Generator) -> Traits:
    """One person; every age from 3 to 90 is about equally likely, with more adults of 18-60."""
    age = float(rng.uniform(18, 60) if rng.random() < 0.45 else rng.uniform(3, 90))
    male = float(rng.uniform(0.85, 1.0) if rng.random() < 0.5 else rng.uniform(0.0, 0.15))
    ethnicity = rng.dirichlet([0.4, 0.4, 0.5])
    tone = ethnicity @ [rng.uniform(4.5, 8), rng.uniform(0.8, 4), rng.uniform(0, 3.2)]
    grey = float(np.clip((age - 46) / 30 + rng.normal(0, 0.3), 0, 1)) if age > 32 else 0.0
    grown = male > 0.5 and age > 18
    return Traits(
        age=age,
        male=male,
        ethnicity=ethnicity,
        weight=float(np.clip(rng.normal(0.5, 0.22), 0, 1)),
        muscle=float(np.clip(rng.normal(0.5, 0.18), 0, 1)),
        tone=float(np.clip(tone + rng.normal(0, 0.5), 0, 8)),
        hair_style=_hair_style(rng, male, age),
        hair_colour=_hair_colour(rng, ethnicity, grey),
        grey=grey,
        brow=int(rng.integers(len(BROWS))),
        eye_colour=EYE_COLOURS[rng.integers(6 if ethnicity[2] > 0.6 else 2)],
        beard=float(rng.choice([0, 0.2, 0.45, 0.75, 1.0], p=[0.4, 0.25, 0.13, 0.1, 0.12]))
        if grown else 0.0,
        makeup=float(rng.random()) if male < 0.5 and age > 16 and rng.random() < 0.4 else 0.0,
        recession=float(np.clip((age - 30) / 60 + rng.normal(0, 0.25), 0, 1)) if grown else 0.0,
        redness=float(rng.random()),
        freckles=float(rng.random()) if rng.random() < 0.2 or age > 55 else 0.0,
        gaze=rng.normal(0, [0.18, 0.1]),
    )  # fmt: skip


def _hair_style(rng: np.random.Generator, male: float, age: float) -> str:
    table = _MALE_HAIR if male > 0.5 else _FEMALE_HAIR
    shares = np.array(list(table.values()))
    style = str(rng.choice(list(table), p=shares / shares.sum()))
    return "buzz" if style == "bald" and age < 24 else style


def _hair_colour(rng: np.random.Generator, ethnicity: Array, grey: float) -> Array:
    shares = _HAIR_SHARE.copy()
    shares[3:] *= ethnicity[2] ** 2
    natural = HAIR_COLOURS[rng.choice(8, p=shares / shares.sum())] * rng.uniform(0.75, 1.2)
    silver = np.array([0.68, 0.67, 0.65]) * rng.uniform(0.7, 1.1)
    return np.asarray(np.clip(natural * (1 - grey) + silver * grey, 0.02, 0.9))


def detail_weights(rng: np.random.Generator, names: list[str], count: int = 30) -> dict[str, float]:
    """Random weights of shape targets: `count` of `names`, one of each opposite pair at most."""
    out: dict[str, float] = {}
    used: set[str] = set()
    for name in rng.permutation(np.array(names))[: 2 * count]:
        stem = str(name).rpartition("-")[0]
        if stem not in used and len(out) < count:
            used.add(stem)
            out[str(name)] = float(min(0.8, abs(rng.normal(0, 0.26))))
    return out


def draw_expression(rng: np.random.Generator) -> dict[str, float]:
    """Strengths of expression units: relaxed, smiling, speaking, surprised or blinking faces."""
    # At rest the morphs look stern: everybody's brows are raised a little.
    units = _both("eyebrows-{}-up", rng.uniform(0.25, 0.65))
    units.update(_both("eyebrows-{}-inner-up", rng.uniform(0.1, 0.5)))
    units["mouth-corner-puller"] = rng.uniform(0.0, 0.3)
    kind = rng.random()
    if kind < 0.45:
        smile = rng.uniform(0.2, 1.0)
        units["mouth-corner-puller"] = smile
        units.update(_both("eye-{}-slit", 0.35 * smile * rng.random()))
        if rng.random() < 0.55:
            units["mouth-parling"] = smile * rng.uniform(0.3, 0.9)
            units["mouth-open"] = rng.uniform(0.0, 0.25)
    elif kind < 0.6:
        units["mouth-open"] = 0.7 * rng.random() ** 1.5
        units[str(rng.choice(["mouth-pursing", "mouth-eversion", "mouth-part-later"]))] = (
            rng.uniform(0, 0.6)
        )
    elif kind < 0.66:
        units.update(_both("eyebrows-{}-up", rng.uniform(0.6, 1.0)))
        units.update(_both("eye-{}-opened-up", rng.uniform(0.2, 0.8)))
    elif kind < 0.7:
        units.update(_both("eyebrows-{}-down", rng.uniform(0.1, 0.5)))
        units["mouth-compression"] = rng.uniform(0, 0.7)
    if rng.random() < 0.1:
        units.update(_both("eye-{}-closure", rng.uniform(0.4, 1.0)))
    return {name: float(value) for name, value in units.items()}


# What faces do, as face units (ARKit's names) that go together, and how often.
_ACTIONS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.2, ("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight")),
    (0.2, ("jawOpen",)),
    (0.1, ("jawOpen", "mouthFunnel")),
    (0.08, ("mouthPucker",)),
    (0.08, ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "eyeWideLeft", "eyeWideRight")),
    (0.08, ("browDownLeft", "browDownRight", "noseSneerLeft", "noseSneerRight")),
    (0.1, ("eyeBlinkLeft", "eyeBlinkRight")),
    (0.05, ("eyeBlinkLeft",)),
    (0.07, ("eyeSquintLeft", "eyeSquintRight")),
    (0.07, ("mouthFrownLeft", "mouthFrownRight", "mouthShrugLower")),
    (0.06, ("mouthStretchLeft", "mouthStretchRight", "jawOpen")),
    (0.06, ("mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight")),
    (0.05, ("mouthPressLeft", "mouthPressRight")),
    (0.05, ("mouthRollLower", "mouthRollUpper")),
    (0.05, ("mouthLeft",)),
    (0.05, ("mouthRight",)),
    (0.04, ("jawLeft",)),
    (0.04, ("jawRight",)),
    (0.04, ("cheekPuff",)),
)


def draw_face_units(rng: np.random.Generator) -> dict[str, float]:
    """Strengths in [0, 1] of face units: none to a few actions at once."""
    units: dict[str, float] = {}
    for share, names in _ACTIONS:
        if rng.random() < share:
            strength = float(rng.beta(1.2, 1.4))
            for name in names:
                units[name] = max(units.get(name, 0.0), strength * float(rng.uniform(0.7, 1.0)))
    return units


def _both(pattern: str, strength: float) -> dict[str, float]:
    return {pattern.format(side): strength for side in ("left", "right")}
