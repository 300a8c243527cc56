"""What plugins import: the only module of edgereg with a promise to them.

Names load when they are first used, so that a plugin module which imports only `hookimpl` costs
nothing on `edgereg --help`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgereg.errors import EdgeregError as EdgeregError
from edgereg.errors import EngineError as EngineError
from edgereg.errors import ModelFolderError as ModelFolderError
from edgereg.errors import PluginError as PluginError
from edgereg.errors import SinkError as SinkError
from edgereg.errors import SourceError as SourceError
from edgereg.hookspecs import hookimpl as hookimpl

if TYPE_CHECKING:
    from edgereg.engines.base import Engine as Engine
    from edgereg.geometry import Image as Image
    from edgereg.geometry import axis_tips as axis_tips
    from edgereg.geometry import box_areas as box_areas
    from edgereg.geometry import box_iou as box_iou
    from edgereg.geometry import clip_boxes as clip_boxes
    from edgereg.geometry import letterbox as letterbox
    from edgereg.geometry import nms as nms
    from edgereg.geometry import rotation_matrix as rotation_matrix
    from edgereg.geometry import square_crops as square_crops
    from edgereg.marks import AxesMark as AxesMark
    from edgereg.marks import BoxMark as BoxMark
    from edgereg.marks import CurveMark as CurveMark
    from edgereg.marks import GaugeMark as GaugeMark
    from edgereg.marks import HeatmapMark as HeatmapMark
    from edgereg.marks import Mark as Mark
    from edgereg.marks import PointsMark as PointsMark
    from edgereg.marks import PolylineMark as PolylineMark
    from edgereg.marks import TextMark as TextMark
    from edgereg.models.folder import ModelFolder as ModelFolder
    from edgereg.models.folder import load_model as load_model
    from edgereg.models.folder import write_model as write_model
    from edgereg.models.schema import InputSpec as InputSpec
    from edgereg.models.schema import ModelSpec as ModelSpec
    from edgereg.models.schema import RefinementSettings as RefinementSettings
    from edgereg.models.schema import Target as Target
    from edgereg.predictions import FloatArray as FloatArray
    from edgereg.predictions import Predictions as Predictions
    from edgereg.predictions import Refinement as Refinement
    from edgereg.predictions import ValueSpec as ValueSpec
    from edgereg.supervision_export import to_supervision as to_supervision
    from edgereg.tasks import Prepared as Prepared
    from edgereg.tasks import Proposal as Proposal
    from edgereg.tasks import Task as Task

# A test holds this table and the imports above together.
_HOMES = {
    "edgereg.engines.base": ("Engine",),
    "edgereg.geometry": (
        "Image",
        "axis_tips",
        "box_areas",
        "box_iou",
        "clip_boxes",
        "letterbox",
        "nms",
        "rotation_matrix",
        "square_crops",
    ),
    "edgereg.marks": (
        "AxesMark",
        "BoxMark",
        "CurveMark",
        "GaugeMark",
        "HeatmapMark",
        "Mark",
        "PointsMark",
        "PolylineMark",
        "TextMark",
    ),
    "edgereg.models.folder": ("ModelFolder", "load_model", "write_model"),
    "edgereg.models.schema": ("InputSpec", "ModelSpec", "RefinementSettings", "Target"),
    "edgereg.predictions": ("FloatArray", "Predictions", "Refinement", "ValueSpec"),
    "edgereg.supervision_export": ("to_supervision",),
    "edgereg.tasks": ("Prepared", "Proposal", "Task"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"edgereg.api has no {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
