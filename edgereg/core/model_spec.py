"""`model.json`: the validated description of a model folder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1

# `predict`, `refine` and `density` of a region task; a step task names its own.
GraphName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
AscentRule = Literal["algorithm-1", "algorithm-s1", "plain"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# A plain name: a model folder never reaches outside itself.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False
    )


class Target(_Frozen):
    """One regressed number: its name, unit and the range [low, high] the model was trained on."""

    name: str
    unit: str
    low: float
    high: float


class InputSpec(_Frozen):
    """The image that `predict` takes: uint8 NHWC RGB.

    width, height: fixed size in pixels, or None where the graph takes any size.
    multiple: a free size must be a multiple of this.
    long_side: a free size is scaled so that its longer side is this (never enlarged beyond it).
    sizes: other longer sides by name, such as 'fast' and 'far'; 'default' is `long_side`.
    crop_scale: side of the square crop / longer side of the region's box (region models).
    crop_top: share of that box's height, from its top, that is cut off before (the hair of a head).
    """

    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    multiple: int = Field(default=1, gt=0)
    long_side: int | None = Field(default=None, gt=0)
    sizes: dict[str, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    crop_scale: float = Field(default=1.0, gt=0)
    crop_top: float = Field(default=0.0, ge=0, lt=1)


class Graph(_Frozen):
    """One ONNX file of the folder and its sha256.

    data: files of the folder that its tensors lie in, each with its own sha256.
    """

    file: FileName
    sha256: Sha256
    data: dict[FileName, Sha256] = Field(default_factory=dict)


class RefinementSettings(_Frozen):
    """Gradient ascent on the energy, as the EBM paper has it.

    step_length has one entry per coordinate that the energy sees (normalised coordinates).
    rule: what the `refine` graph does with a step. 'algorithm-1': a step that does not climb is
    taken back, and the next one is `decay` times as long. 'algorithm-s1': every step counts, until
    one changes f by less than 0.001 or lets it fall by more than 0.01. 'plain': every step counts,
    each `decay` times as long as the last. best: each iterate is the best one so far.
    """

    steps: int = Field(ge=0, le=1000)
    step_length: tuple[float, ...]
    decay: float = Field(gt=0, le=1)
    rule: AscentRule = "algorithm-1"
    best: bool = False


class ModelSpec(_Frozen):
    """The content of `model.json` (schema version 1).

    features: outputs of `predict` that `refine` and `density` take, by name.
    metrics: measured figures by name, as the model card shows them.
    settings: numbers of the task itself (score threshold, number of candidates ...).
    classes: names of what a detector's boxes hold.
    """

    schema_version: int = Field(ge=1)
    name: str = Field(min_length=1)
    version: str
    task: str
    method: str
    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    targets: tuple[Target, ...]
    input: InputSpec
    graphs: dict[GraphName, Graph]
    features: tuple[str, ...] = ()
    refinement: RefinementSettings | None = None
    settings: dict[str, float] = Field(default_factory=dict)
    classes: tuple[str, ...] = ()
    training_data: str
    licence: str
    metrics: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> ModelSpec:
        if not self.graphs:
            raise ValueError("graphs must name at least one graph, such as 'predict'")
        if ("refine" in self.graphs) != (self.refinement is not None):
            raise ValueError("'refinement' settings and a 'refine' graph go together")
        return self
