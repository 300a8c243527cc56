"""Shapes from MakeHuman targets: macro sliders, details, expressions and bound meshes."""

from __future__ import annotations

from itertools import product

import numpy as np

from edgereg_training.render.assets import Assets
from edgereg_training.render.geometry import Array
from edgereg_training.render.meshfiles import Binding

ETHNICITIES = ("african", "asian", "caucasian")


def age_slider(years: float) -> float:
    """MakeHuman's age slider in [0,1] of an age in years (1 to 90)."""
    return (years - 1) / 48 if years < 25 else 0.5 + (years - 25) / 130


def macro_weights(
    years: float, male: float, ethnicity: Array, weight: float, muscle: float
) -> dict[str, float]:
    """Weights of the macro targets; `male`, `weight`, `muscle` in [0,1], `ethnicity` [3] sums 1."""
    ages = _age_factors(age_slider(years))
    genders = {"male": male, "female": 1 - male}
    muscles = _three_way(muscle, "muscle")
    weights = _three_way(weight, "weight")
    out: dict[str, float] = {}
    for (gender, g), (age, a) in product(genders.items(), ages.items()):
        for name, e in zip(ETHNICITIES, ethnicity, strict=True):
            out[f"macrodetails/{name}-{gender}-{age}"] = float(g * a * e)
        for (m_name, m), (w_name, w) in product(muscles.items(), weights.items()):
            out[f"macrodetails/universal-{gender}-{age}-{m_name}-{w_name}"] = g * a * m * w
    return {name: value for name, value in out.items() if value > 0}


def _age_factors(slider: float) -> dict[str, float]:
    if slider >= 0.5:
        return {"old": 2 * slider - 1, "young": 2 - 2 * slider}
    young = max(0.0, (slider - 0.1875) / 0.3125)
    child = max(0.0, min(1.0, slider / 0.1875) - young)
    return {"baby": max(0.0, 1 - slider / 0.1875), "child": child, "young": young}


def _three_way(value: float, noun: str) -> dict[str, float]:
    high, low = max(0.0, 2 * value - 1), max(0.0, 1 - 2 * value)
    return {f"max{noun}": high, f"min{noun}": low, f"average{noun}": 1 - high - low}


def apply_targets(points: Array, assets: Assets, weights: dict[str, float]) -> Array:
    """points [V,3] plus the weighted targets; names without a file are ignored."""
    out = np.array(points, np.float64)
    for name, weight in weights.items():
        if weight and name in assets.targets:
            index, offset = assets.targets[name]
            out[index] += weight * offset
    return out


def expression_weights(units: dict[str, float], ethnicity: Array) -> dict[str, float]:
    """Target weights of expression units, shared among the three ethnic versions."""
    return {
        f"expression/units/{name}/{unit}": float(strength * share)
        for unit, strength in units.items()
        for name, share in zip(ETHNICITIES, ethnicity, strict=True)
        if share > 0
    }


def fit_binding(points: Array, binding: Binding) -> Array:
    """Positions [n,3] of a bound mesh on the morphed base points [V,3]."""
    scale = np.ones(3)
    for axis, (a, b, divisor) in enumerate(binding.scale):
        if divisor:
            scale[axis] = abs(points[int(a), axis] - points[int(b), axis]) / divisor
    corners = points[binding.references] * binding.weights[:, :, None]
    return np.asarray(corners.sum(1) + binding.offsets * scale)
