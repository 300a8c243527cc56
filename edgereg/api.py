"""What plugins import: the only module of edgereg with a promise to them.

Names load when they are first used, so that a plugin module which imports only `hookimpl` costs
nothing on `edgereg --help`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgereg.core.errors import EdgeregError as EdgeregError
from edgereg.core.errors import EngineError as EngineError
from edgereg.core.errors import ModelFolderError as ModelFolderError
from edgereg.core.errors import PluginError as PluginError
from edgereg.core.errors import SinkError as SinkError
from edgereg.core.errors import SourceError as SourceError
from edgereg.hookspecs import hookimpl as hookimpl

if TYPE_CHECKING:
    from edgereg.core.geometry import Image as Image
    from edgereg.core.geometry import axis_tips as axis_tips
    from edgereg.core.geometry import box_areas as box_areas
    from edgereg.core.geometry import box_iou as box_iou
    from edgereg.core.geometry import clip_boxes as clip_boxes
    from edgereg.core.geometry import letterbox as letterbox
    from edgereg.core.geometry import nms as nms
    from edgereg.core.geometry import rotation_matrix as rotation_matrix
    from edgereg.core.geometry import square_crops as square_crops
    from edgereg.core.marks import AxesMark as AxesMark
    from edgereg.core.marks import BoxMark as BoxMark
    from edgereg.core.marks import CurveMark as CurveMark
    from edgereg.core.marks import GaugeMark as GaugeMark
    from edgereg.core.marks import HeatmapMark as HeatmapMark
    from edgereg.core.marks import Mark as Mark
    from edgereg.core.marks import PointsMark as PointsMark
    from edgereg.core.marks import PolylineMark as PolylineMark
    from edgereg.core.marks import TextMark as TextMark
    from edgereg.core.predictions import FloatArray as FloatArray
    from edgereg.core.predictions import Predictions as Predictions
    from edgereg.core.predictions import Refinement as Refinement
    from edgereg.core.predictions import ValueSpec as ValueSpec
    from edgereg.core.tasks import Prepared as Prepared
    from edgereg.core.tasks import Proposal as Proposal
    from edgereg.core.tasks import Task as Task
    from edgereg.engines.base import Engine as Engine
    from edgereg.models.folder import ModelFolder as ModelFolder
    from edgereg.models.folder import load_model as load_model
    from edgereg.models.folder import write_model as write_model
    from edgereg.models.schema import InputSpec as InputSpec
    from edgereg.models.schema import ModelSpec as ModelSpec
    from edgereg.models.schema import RefinementSettings as RefinementSettings
    from edgereg.models.schema import Target as Target
    from edgereg.sinks.supervision import to_supervision as to_supervision

# A test holds this table and the imports above together.
_HOMES = {
    "edgereg.engines.base": ("Engine",),
    "edgereg.core.geometry": (
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
    "edgereg.core.marks": (
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
    "edgereg.core.predictions": ("FloatArray", "Predictions", "Refinement", "ValueSpec"),
    "edgereg.sinks.supervision": ("to_supervision",),
    "edgereg.core.tasks": ("Prepared", "Proposal", "Task"),
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
