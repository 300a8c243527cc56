"""What the calls of a task return, checked before anybody else sees it.

These checks run inside the guard, so that what a plugin returns wrongly costs only its own
predictions. Each raises TypeError or ValueError in the words of the plugin's author.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from edgereg.core.kinds import Boxes, Kinds
from edgereg.core.marks import Mark
from edgereg.core.panels import PanelChoice, PanelCurve, PanelItem, PanelPicture
from edgereg.core.predictions import Predictions
from edgereg.core.tasks import Prepared, Proposal

MARKS, PANEL_ITEMS = get_args(Mark), get_args(PanelItem)
_ARRAYS = ("values", "scores", "regions", "std", "intervals", "smoothed", "tracks", "labels")


def checked_prepared(prepared: Prepared) -> Prepared:
    """What `prepare` returned."""
    _must_be(Prepared, prepared)
    images = prepared.images
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 4:
        have = f"{images.dtype} {list(images.shape)}" if hasattr(images, "shape") else repr(images)
        raise TypeError(f"Prepared.images must be uint8 [B, h, w, 3], not {have}")
    return prepared


def checked_proposal(proposal: Proposal) -> Proposal:
    """What `propose` returned."""
    _must_be(Proposal, proposal)
    initial, scores = np.shape(proposal.initial), np.shape(proposal.scores)
    if len(initial) != 3 or scores != initial[:2]:
        raise TypeError(
            f"Proposal.initial must be [B, K, D] and scores [B, K], not {list(initial)} and "
            f"{list(scores)}"
        )
    return proposal


def checked_predictions(predictions: Predictions, task: str, kinds: Kinds) -> Predictions:
    """What `conclude` or `step` returned, as copies of its own that nobody can write into.

    A task may use the same array for the next frame, while sinks still read this one.
    """
    _must_be(Predictions, predictions)
    if predictions.task != task:
        raise TypeError(f"it returned predictions of '{predictions.task}' instead of its own")
    if predictions.kinds != kinds:
        raise TypeError("it returned predictions of other kinds than the task's own")
    arrays: dict[str, Any] = {}
    for name in _ARRAYS:
        array = getattr(predictions, name)
        if array is None:
            continue
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            have = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"Predictions.{name} must be an array of numbers, not of {have}")
        arrays[name] = array.copy()
        arrays[name].flags.writeable = False
    _check_labels(predictions, kinds)
    return replace(predictions, **arrays)


def _check_labels(predictions: Predictions, kinds: Kinds) -> None:
    labels = predictions.labels
    if labels is None or not len(labels):
        return
    classes = next((kind.classes for kind in kinds if isinstance(kind, Boxes)), ())
    if labels.dtype.kind == "f" or labels.min() < 0 or labels.max() >= len(classes):
        raise ValueError(
            f"labels must be indices into the {len(classes)} classes of Boxes, not "
            f"{labels.min()} to {labels.max()}"
        )


def checked_marks(marks: Iterable[Mark]) -> list[Mark]:
    """What `marks` returned."""
    found = list(marks)
    for mark in found:
        if not isinstance(mark, MARKS):
            raise TypeError(f"it returned {type(mark).__name__} among its marks, which is none")
    return found


def checked_panel(items: Iterable[PanelItem]) -> list[PanelItem]:
    """What `panel` returned, its arrays as copies of their own."""
    found: list[PanelItem] = []
    for item in items:
        if not isinstance(item, PANEL_ITEMS):
            raise TypeError(f"it returned {type(item).__name__} among its items, which is none")
        if isinstance(item, PanelCurve):
            x, y = np.array(item.x, np.float32), np.array(item.y, np.float32)
            if x.ndim != 1 or x.shape != y.shape:
                raise TypeError(f"curve '{item.name}' must have x and y [N], not {list(y.shape)}")
            found.append(replace(item, x=x, y=y))
        elif isinstance(item, PanelPicture):
            image = np.array(item.image)
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                raise TypeError(f"picture '{item.name}' must be uint8 [h, w, 3]")
            found.append(replace(item, image=image))
        elif isinstance(item, PanelChoice) and not item.options:
            raise TypeError(f"choice '{item.name}' has no options")
        else:
            found.append(item)
    if len({item.name for item in found}) < len(found):
        raise ValueError("two items of a panel have the same name")
    return found


def _must_be(wanted: type, returned: object) -> None:
    if not isinstance(returned, wanted):
        raise TypeError(f"it returned {type(returned).__name__} instead of {wanted.__name__}")
