"""What a model folder of head pose, landmarks or age achieves on faces, in the ONNX engine.

The faces: a folder of FairFace or of the London Set, as published, or of rendered heads. Crops lie
about the boxes that the bundled detector finds in photographs, and about rendered heads' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.rotation import geodesic
from edgereg.core.tasks import Proposal
from edgereg.engines.onnx import OnnxEngine
from edgereg.models.folder import ModelFolder
from edgereg.pipeline.refining import ascend
from edgereg_training.faces.batches import Crops, moved, plain
from edgereg_training.faces.found import with_found_boxes
from edgereg_training.faces.photographs import HAND_SET, fairface, hand_set, london
from edgereg_training.faces.scores import point_errors
from edgereg_training.faces.sets import FaceSet, rendered_faces, without_top
from edgereg_training.loop.bootstrap import Figure, mean_figure
from edgereg_training.loop.errors import TrainingError

if TYPE_CHECKING:
    from edgereg_training.render.shards import Progress

BATCH = 64
ANGLES = ("yaw", "pitch", "roll")
JAW = slice(0, 17)
PROFILE_YAW = 60.0
# Beyond it pitch and roll turn about nearly the same axis and can't be told apart.
FULL = (75.0, 60.0, 50.0)


@dataclass(frozen=True)
class Answers:
    """Of N faces: values [N, D] refined where the model refines, estimates [N, D] before that,
    and intervals [N, D, 2] or None."""

    values: FloatArray
    estimates: FloatArray
    intervals: FloatArray | None


def is_photographs(folder: Path) -> bool:
    """Whether a folder is one of the sets of photographs."""
    return (folder / "labels.csv").is_file() or (folder / "london_faces_info.csv").is_file()


def faces_of(folder: Path) -> FaceSet:
    """The faces of a folder that are for tests, in the boxes that a run would give them."""
    if (folder / "labels.csv").is_file():
        return with_found_boxes(fairface(folder, "val")).framed()
    if (folder / "london_faces_info.csv").is_file():
        return with_found_boxes(london(folder, "test")).framed()
    return rendered_faces([folder])


def measure_faces(model: ModelFolder, data: Path, progress: Progress) -> list[Figure]:
    """The figures of the model's task, their names begun by that of the set; TrainingError where
    nothing is known of the model's task on faces."""
    faces = faces_of(data)
    spec = model.spec
    size = spec.input.width
    if size is None:
        raise TrainingError(f"{model.path}: a model of '{spec.task}' must have a fixed input size")
    crops = plain(without_top(faces, spec.input.crop_top), size, spec.input.crop_scale)
    answers = answer(model, crops.images, progress)
    if spec.task not in FIGURES:
        raise TrainingError(f"{data}: these photographs have no labels of '{spec.task}'")
    figures = FIGURES[spec.task](answers, crops, faces)
    if not figures:
        raise TrainingError(f"{data}: these faces have no labels of '{spec.task}'")
    if spec.task == "landmarks" and (data / "neutral_front").is_dir():
        figures += hand_set_figures(answers, crops, faces, data)
    name = faces.name.split()[0]
    return [replace(figure, name=f"{name}_{figure.name}") for figure in figures]


def answer(model: ModelFolder, images: npt.NDArray[np.uint8], progress: Progress) -> Answers:
    """Run the graphs as the runtime does."""
    predict = OnnxEngine(model.graph_path("predict"))
    refine = OnnxEngine(model.graph_path("refine")) if model.has("refine") else None
    finals: list[FloatArray] = []
    estimates: list[FloatArray] = []
    intervals: list[FloatArray] = []
    for start in range(0, len(images), BATCH):
        outputs = predict.run({predict.inputs[0]: images[start : start + BATCH]})
        values: FloatArray = outputs["values"]
        final, settings = values, model.spec.refinement
        if refine is not None and settings is not None:
            features = {name: outputs[name] for name in model.spec.features}
            begun = Proposal(values[:, None], np.ones((len(values), 1), np.float32), features)
            final = ascend(refine, begun, settings, settings.steps).final
        finals.append(final)
        estimates.append(values)
        if "interval" in outputs:
            intervals.append(outputs["interval"])
        progress(min(start + BATCH, len(images)), len(images))
    held = np.concatenate(intervals) if intervals else None
    return Answers(np.concatenate(finals), np.concatenate(estimates), held)


def pose_figures(answers: Answers, crops: Crops, faces: FaceSet) -> list[Figure]:
    """Mean errors and biases in degrees of what is known exactly; whether profiles are read so."""
    pose = crops.labels.pose
    exact = (pose[..., 0] == pose[..., 1]).all(1)
    figures = []
    if exact.any():
        truth = pose[exact, :, 0]
        error = answers.values[exact] - truth
        before = np.abs(answers.estimates[exact] - truth).mean(1)
        note = f"{faces.name}; {exact.sum()} faces"
        for index, name in enumerate(ANGLES):
            column = error[:, index]
            figures.append(mean_figure(f"mae_{name}", np.abs(column), "degree", note))
            figures.append(mean_figure(f"bias_{name}", column, "degree", note))
        after = np.abs(error).mean(1)
        figures += [
            mean_figure("mae", before, "degree", f"{note}; mean of the angles, estimate"),
            mean_figure("mae_refined", after, "degree", f"{note}; refined"),
            mean_figure("mae_change", after - before, "degree", "refined minus estimate"),
            mean_figure("geodesic", geodesic(answers.values[exact], truth), "degree", note),
        ]
        full = np.all(np.abs(truth) < FULL, axis=1)
        if full.any():
            within = f"|yaw|, |pitch|, |roll| < {FULL}; {full.sum()} faces"
            figures.append(mean_figure("mae_full_refined", after[full], "degree", within))
        figures += coverage_figures(answers, pose, ANGLES, note)
    if "view" in faces.groups:
        figures += view_figures(answers.values[:, 0], faces.groups["view"])
    return figures


def view_figures(yaw: FloatArray, views: npt.NDArray[np.str_]) -> list[Figure]:
    """Of photographs of known views: the yaw's sign, and profiles read beyond PROFILE_YAW."""
    side = np.where([view.startswith("right") for view in views], 1, -1)
    turned, profile = views != "front", np.array([view.endswith("profile") for view in views])
    right = (np.sign(yaw) == side)[turned]
    beyond = (yaw * side > PROFILE_YAW)[profile]
    return [
        mean_figure("right_sign", right, "", f"sign of yaw right; {turned.sum()} turned heads"),
        mean_figure("profile", beyond, "", f"yaw over {PROFILE_YAW:g} of {profile.sum()} profiles"),
        mean_figure("profile_yaw", np.abs(yaw)[profile], "degree", "mean |yaw| of profiles"),
    ]


def point_figures(answers: Answers, crops: Crops, faces: FaceSet) -> list[Figure]:
    """NME in percent of the outer eye corners' distance, with and without the jaw; of rendered
    heads also by yaw."""
    points = crops.labels.points
    known = np.isfinite(points).all((1, 2))
    found = answers.values.reshape(points.shape)[known]
    truth, note = points[known], f"{faces.name}; {known.sum()} faces"
    errors = point_errors(found, truth)
    inner = np.ones(points.shape[1], bool)
    inner[JAW] = False
    figures = [
        mean_figure("nme", errors, "%", note),
        mean_figure(
            "nme_inner", point_errors(found, truth, inner), "%", f"{note}; without the jaw"
        ),
    ]
    yaw = np.abs(crops.labels.pose[known, 0, 0])
    if faces.name == "rendered":
        for low, high in ((0, 30), (30, 60), (60, 90)):
            there = (yaw >= low) & (yaw < high)
            if there.any():
                name = f"nme_yaw_{low}_{high}"
                figures.append(mean_figure(name, errors[there], "%", f"{there.sum()} heads"))
    ends = np.repeat(points.reshape(len(points), -1, 1), 2, 2)
    return figures + coverage_figures(answers, ends, None, note)


def hand_set_figures(answers: Answers, crops: Crops, faces: FaceSet, folder: Path) -> list[Figure]:
    """NME on the points set by hand on neutral fronts that have a meaning among the 68."""
    rows, points = hand_set(folder, faces.files)
    places = list(HAND_SET)
    # From the picture's px into the crop's, by what the crop shows of it.
    truth = np.stack(
        [
            moved(p, crops.views[row], crops.images.shape[1])
            for row, p in zip(rows, points, strict=True)
        ]
    )
    found = answers.values.reshape(len(answers.values), -1, 2)[rows][:, places]
    eyes = [places.index(36), places.index(45)]
    width = np.linalg.norm(truth[:, eyes[0]] - truth[:, eyes[1]], axis=1)
    errors = 100 * np.linalg.norm(found - truth, axis=2).mean(1) / width
    return [mean_figure("nme_hand_set", errors, "%", f"{len(places)} points of {len(rows)} faces")]


def age_figures(answers: Answers, crops: Crops, faces: FaceSet) -> list[Figure]:
    """The share in the right bin, of labels that are bins; mean errors of exact years; both by
    each of the groups."""
    ages, years = crops.labels.age, answers.values[:, 0]
    exact = ages[:, 0] == ages[:, 1]
    binned = np.isfinite(ages[:, 0]) & ~exact
    figures = []
    if binned.any():
        right = ((years >= ages[:, 0]) & (years < ages[:, 1])).astype(float)
        outside = np.maximum(np.maximum(ages[:, 0] - years, years - ages[:, 1]), 0)
        note = f"{faces.name}; {binned.sum()} faces"
        figures.append(mean_figure("right_bin", right[binned], "", note))
        figures.append(
            mean_figure("years_outside", outside[binned], "year", f"{note}; beyond the bin")
        )
        for group, words in faces.groups.items():
            for word in sorted(set(words)):
                there = binned & (words == word)
                name = f"right_bin_{group}_{word}".replace(" ", "_").lower()
                figures.append(mean_figure(name, right[there], "", f"{there.sum()} faces"))
    if exact.any():
        error = years[exact] - ages[exact, 0]
        note = f"{faces.name}; {exact.sum()} faces"
        figures.append(mean_figure("mae", np.abs(error), "year", note))
        figures.append(mean_figure("bias", error, "year", note))
        if "view" in faces.groups:
            front = faces.groups["view"][exact] == "front"
            figures.append(
                mean_figure("mae_front", np.abs(error)[front], "year", f"{front.sum()} fronts")
            )
    return figures + coverage_figures(answers, ages[:, None], None, faces.name)


def coverage_figures(
    answers: Answers, ends: FloatArray, names: tuple[str, ...] | None, note: str
) -> list[Figure]:
    """The share of labels [N, D, 2] within the 90 % intervals; of an interval as label, the part of
    it. names: of each number; None: of all together."""
    if answers.intervals is None:
        return []
    low, high = answers.intervals[..., 0], answers.intervals[..., 1]
    first, last = ends[..., 0], ends[..., 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (np.minimum(high, last) - np.maximum(low, first)) / (last - first)
    inside = (low <= first) & (first <= high)
    share = np.where(first == last, inside, np.clip(part, 0, 1))
    share = np.where(np.isfinite(first), share, np.nan)
    known = np.isfinite(share).all(1)
    if not known.any():
        return []
    if names is None:
        return [mean_figure("coverage90", share[known].mean(1), "", note)]
    return [
        mean_figure(f"coverage90_{name}", share[known, index], "", note)
        for index, name in enumerate(names)
    ]


FIGURES: Mapping[str, Callable[[Answers, Crops, FaceSet], list[Figure]]] = {
    "headpose": pose_figures,
    "landmarks": point_figures,
    "age": age_figures,
}
