"""What the window shows of depth beside the frame."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from edgereg.api import (
    FloatArray,
    Image,
    Map,
    PanelChoice,
    PanelCurve,
    PanelItem,
    PanelNumber,
    PanelPicture,
    Predictions,
)
from edgereg_depth.marks import nearness

ROWS = {"middle": 0.5, "upper": 0.25, "lower": 0.75}


def depth_panel(
    predictions: Predictions | None, row: int | None, chosen: Mapping[str, str]
) -> list[PanelItem]:
    """The map as a picture, the nearest and farthest depth, how sure it is, and one of its rows;
    nothing where there is no map."""
    if predictions is None or row is None:
        return []
    found, kind = predictions[row], predictions.kinds[0]
    if not isinstance(kind, Map):
        return []
    depth = found[kind.name]
    items: list[PanelItem] = [
        PanelPicture("depth map", coloured(nearness(depth))),
        PanelNumber("nearest", float(depth.min()), kind.unit),
        PanelNumber("farthest", float(depth.max()), kind.unit),
    ]
    interval = found.interval(kind.name)
    if interval is not None:
        items.append(PanelNumber("width of 90 %", float(np.mean(interval[1] - interval[0])),
                                 kind.unit))  # fmt: skip
    which = chosen.get("row", next(iter(ROWS)))
    line = depth[int(ROWS.get(which, 0.5) * kind.height)]
    across = np.linspace(0, 1, kind.width, dtype=np.float32)
    return [
        *items,
        PanelChoice("row", tuple(ROWS)),
        PanelCurve("depth along the row", across, np.asarray(line, np.float32), "left to right"),
    ]


def coloured(values: FloatArray) -> Image:
    """Numbers 0 .. 1 as a picture uint8 [h, w, 3] RGB, eight pixels a number."""
    grey = np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
    large = cv2.resize(grey, None, fx=8, fy=8, interpolation=cv2.INTER_LINEAR)
    bgr = cv2.applyColorMap(large, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
