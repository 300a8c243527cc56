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
    from edgereg.core.arrays import DeviceArray as DeviceArray
    from edgereg.core.arrays import FloatArray as FloatArray
    from edgereg.core.arrays import Image as Image
    from edgereg.core.arrays import Value as Value
    from edgereg.core.camera import Camera as Camera
    from edgereg.core.conversions import to_supervision as to_supervision
    from edgereg.core.crops import frame_band as frame_band
    from edgereg.core.crops import region_crops as region_crops
    from edgereg.core.filters import Filter as Filter
    from edgereg.core.filters import FilterState as FilterState
    from edgereg.core.frames import Frame as Frame
    from edgereg.core.frames import SourceInfo as SourceInfo
    from edgereg.core.geometry import axis_tips as axis_tips
    from edgereg.core.geometry import band as band
    from edgereg.core.geometry import box_areas as box_areas
    from edgereg.core.geometry import box_iou as box_iou
    from edgereg.core.geometry import clip_boxes as clip_boxes
    from edgereg.core.geometry import letterbox as letterbox
    from edgereg.core.geometry import nms as nms
    from edgereg.core.geometry import rotation_matrix as rotation_matrix
    from edgereg.core.geometry import square_crops as square_crops
    from edgereg.core.kinds import Angles as Angles
    from edgereg.core.kinds import Boxes as Boxes
    from edgereg.core.kinds import Kind as Kind
    from edgereg.core.kinds import Kinds as Kinds
    from edgereg.core.kinds import Map as Map
    from edgereg.core.kinds import Points as Points
    from edgereg.core.kinds import Scalars as Scalars
    from edgereg.core.kinds import ValueSpec as ValueSpec
    from edgereg.core.kinds import scalar as scalar
    from edgereg.core.marks import AxesMark as AxesMark
    from edgereg.core.marks import BoxMark as BoxMark
    from edgereg.core.marks import CurveMark as CurveMark
    from edgereg.core.marks import GaugeMark as GaugeMark
    from edgereg.core.marks import HeatmapMark as HeatmapMark
    from edgereg.core.marks import Mark as Mark
    from edgereg.core.marks import PointsMark as PointsMark
    from edgereg.core.marks import PolylineMark as PolylineMark
    from edgereg.core.marks import TextMark as TextMark
    from edgereg.core.model_spec import InputSpec as InputSpec
    from edgereg.core.model_spec import ModelSpec as ModelSpec
    from edgereg.core.model_spec import RefinementSettings as RefinementSettings
    from edgereg.core.model_spec import Target as Target
    from edgereg.core.panels import PanelChoice as PanelChoice
    from edgereg.core.panels import PanelCurve as PanelCurve
    from edgereg.core.panels import PanelItem as PanelItem
    from edgereg.core.panels import PanelNumber as PanelNumber
    from edgereg.core.panels import PanelPicture as PanelPicture
    from edgereg.core.predictions import Prediction as Prediction
    from edgereg.core.predictions import Predictions as Predictions
    from edgereg.core.predictions import Refinement as Refinement
    from edgereg.core.predictions import normal_interval as normal_interval
    from edgereg.core.regions import Prompt as Prompt
    from edgereg.core.regions import Regions as Regions
    from edgereg.core.regression import conclude_values as conclude_values
    from edgereg.core.regression import propose_values as propose_values
    from edgereg.core.result import Fault as Fault
    from edgereg.core.result import FrameResult as FrameResult
    from edgereg.core.rotation import angles_of as angles_of
    from edgereg.core.rotation import geodesic as geodesic
    from edgereg.core.rotation import quaternions_of as quaternions_of
    from edgereg.core.rotation import recentred as recentred
    from edgereg.core.scores import asked_scores as asked_scores
    from edgereg.core.settings import Settings as Settings
    from edgereg.core.tasks import Prepared as Prepared
    from edgereg.core.tasks import Proposal as Proposal
    from edgereg.core.tasks import RegionTask as RegionTask
    from edgereg.core.tasks import State as State
    from edgereg.core.tasks import StepModel as StepModel
    from edgereg.core.tasks import StepTask as StepTask
    from edgereg.core.tasks import Task as Task
    from edgereg.engines.base import Engine as Engine
    from edgereg.engines.base import EngineProvider as EngineProvider
    from edgereg.models.folder import ModelFolder as ModelFolder
    from edgereg.models.folder import load_model as load_model
    from edgereg.models.folder import write_model as write_model
    from edgereg.sinks.base import RunInfo as RunInfo
    from edgereg.sinks.base import Sink as Sink
    from edgereg.sinks.base import SinkFormat as SinkFormat
    from edgereg.sources.base import Source as Source
    from edgereg.sources.base import SourceFormat as SourceFormat
    from edgereg.sources.base import scheme as scheme
    from edgereg.sources.options import SourceOptions as SourceOptions

# A test holds this table and the imports above together.
_HOMES = {
    "edgereg.core.arrays": (
        "DeviceArray",
        "FloatArray",
        "Image",
        "Value",
    ),
    "edgereg.core.camera": ("Camera",),
    "edgereg.core.conversions": ("to_supervision",),
    "edgereg.core.crops": (
        "frame_band",
        "region_crops",
    ),
    "edgereg.core.filters": ("Filter", "FilterState"),
    "edgereg.core.frames": (
        "Frame",
        "SourceInfo",
    ),
    "edgereg.core.geometry": (
        "axis_tips",
        "band",
        "box_areas",
        "box_iou",
        "clip_boxes",
        "letterbox",
        "nms",
        "rotation_matrix",
        "square_crops",
    ),
    "edgereg.core.kinds": (
        "Angles",
        "Boxes",
        "Kind",
        "Kinds",
        "Map",
        "Points",
        "Scalars",
        "ValueSpec",
        "scalar",
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
    "edgereg.core.model_spec": (
        "InputSpec",
        "ModelSpec",
        "RefinementSettings",
        "Target",
    ),
    "edgereg.core.panels": (
        "PanelChoice",
        "PanelCurve",
        "PanelItem",
        "PanelNumber",
        "PanelPicture",
    ),
    "edgereg.core.predictions": (
        "Prediction",
        "Predictions",
        "Refinement",
        "normal_interval",
    ),
    "edgereg.core.regions": (
        "Prompt",
        "Regions",
    ),
    "edgereg.core.regression": (
        "conclude_values",
        "propose_values",
    ),
    "edgereg.core.result": (
        "Fault",
        "FrameResult",
    ),
    "edgereg.core.rotation": (
        "angles_of",
        "geodesic",
        "quaternions_of",
        "recentred",
    ),
    "edgereg.core.scores": ("asked_scores",),
    "edgereg.core.settings": ("Settings",),
    "edgereg.core.tasks": (
        "Prepared",
        "Proposal",
        "RegionTask",
        "State",
        "StepModel",
        "StepTask",
        "Task",
    ),
    "edgereg.engines.base": (
        "Engine",
        "EngineProvider",
    ),
    "edgereg.models.folder": (
        "ModelFolder",
        "load_model",
        "write_model",
    ),
    "edgereg.sinks.base": (
        "RunInfo",
        "Sink",
        "SinkFormat",
    ),
    "edgereg.sources.base": (
        "Source",
        "SourceFormat",
        "scheme",
    ),
    "edgereg.sources.options": ("SourceOptions",),
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
