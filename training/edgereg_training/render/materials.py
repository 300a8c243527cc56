"""Material numbers and their default gloss. Colours are per identity."""

from __future__ import annotations

import numpy as np

from edgereg_training.render.geometry import Array

SKIN = 0  # the head's skin: colour and bump from the atlas
EYE = 1  # sclera, iris and pupil by the angle from the gaze
BROW = 2
HAIR = 3
NECK = 4  # skin of one colour: neck, shoulders, arms, hands
MOUTH = 5
SOCKET = 6
LASH = 7
TEETH = 8
TONGUE = 9
TOP = 10  # cloth with the identity's print: shirt, jumper
BOTTOM = 11  # plain cloth: trousers, skirt
HAT = 12
FRAME = 13  # spectacle frames
LENS = 14
SCALP = 15  # opaque hair close to the skull, under the hair mesh
COUNT = 16

_GLOSS = {
    SKIN: (0.05, 14.0), EYE: (0.8, 90.0), BROW: (0.04, 10.0), HAIR: (0.14, 12.0),
    NECK: (0.04, 12.0), MOUTH: (0.05, 20.0), SOCKET: (0.05, 20.0), TEETH: (0.25, 30.0),
    TONGUE: (0.1, 20.0), FRAME: (0.4, 30.0), LENS: (0.9, 60.0), SCALP: (0.08, 10.0),
}  # fmt: skip


def default_gloss() -> Array:
    """Strength and exponent of the highlight of each material, float32 [COUNT,2]."""
    out = np.zeros((COUNT, 2), np.float32)
    out[:, 1] = 10.0
    for material, values in _GLOSS.items():
        out[material] = values
    return out
