"""One approach trained and measured: a cell of the comparison."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edgereg_training.detection.energy import refine_boxes
from edgereg_training.detection.iou_net import refine_corners
from edgereg_training.detection.objects.annotations import SPLITS, Split
from edgereg_training.detection.objects.coco_figures import Found, average_precisions
from edgereg_training.detection.objects.suppression import by_class, guided
from edgereg_training.reproduce.cells import Cell, Key
from edgereg_training.reproduce.ebm.detection.detector import Cached, cached
from edgereg_training.reproduce.ebm.detection.layers import (
    CONFIDENCES,
    REGRESSORS,
    Confidence,
    Objects,
    Regressor,
)

BATCH, OBJECTS, NMS_IOU, STEPS = 6, 6, 0.5, 10
# Step lengths that are tried on the validation pictures: of relative places, of log sizes four
# times as long (EBM paper, section 5.1); of IoU-Net in sides of the box. And their decay.
LENGTHS = {"nll": (1e-4, 4e-4, 1.6e-3), "iou-net-star": (5e-4, 2e-3, 8e-3),
           "iou-net": (0.1, 0.5, 2.0)}  # fmt: skip
DECAYS = {"nll": 0.5, "iou-net-star": 0.2, "iou-net": 0.1}


@dataclass(frozen=True)
class Answer:
    """Boxes of each picture, and what ranks them in suppression: their scores or f; seconds of the
    approach's own layers, of one picture."""

    boxes: list[np.ndarray]
    leads: list[np.ndarray]
    seconds: float


@lru_cache(maxsize=3)
def split_of(folder: str, data: str, split: Split) -> Cached:
    """One split, in memory once."""
    return cached(Path(folder), Path(data), split)


def train_cell(key: Key) -> Cell:
    """Train the layers of one approach, find its step length, and measure it on the test."""
    train, val, test = (split_of(key["folder"], key["data"], split) for split in SPLITS)
    torch.manual_seed(key["seed"])
    channels = train.maps.shape[1]
    name = key["approach"]
    if name in REGRESSORS:
        net: Regressor | Confidence = Regressor(channels, REGRESSORS[name])
    else:
        net = Confidence(channels, CONFIDENCES[name])
    loss = fit(net, train, key)
    if isinstance(net, Regressor):
        found = average_precisions(results(test, at_value(net, test)), test.names)
        return {"test": figures(found), "val": val_ap(net, val), "loss": loss,
                "seconds": at_value(net, test).seconds}  # fmt: skip
    tried = {length: refined(net, val, length) for length in LENGTHS[net.kind]}
    chosen = max(tried, key=lambda length: ap_of(val, tried[length], led=False))
    best = ap_of(val, tried[chosen], led=False)
    answer = refined(net, test, chosen)
    plain, led = (average_precisions(results(test, answer, g), test.names) for g in (False, True))
    unrefined = refined(net, test, chosen, steps=0)
    only_led = average_precisions(results(test, unrefined, True), test.names)
    return {"test": figures(plain), "guided": figures(led), "only guided": figures(only_led),
            "val": best, "length": chosen, "loss": loss, "seconds": answer.seconds}  # fmt: skip


def fit(net: Regressor | Confidence, data: Cached, key: Key) -> float:
    """Train on the cached maps; returns the mean loss of the last tenth of the steps."""
    rng = np.random.default_rng(key["seed"])
    generator = torch.Generator().manual_seed(key["seed"])
    optimiser = torch.optim.AdamW(net.parameters(), lr=key["rate"], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, key["rate"], total_steps=key["steps"], pct_start=0.1
    )
    usable = np.flatnonzero([len(boxes) > 0 for boxes in data.truth])
    losses = []
    for _ in range(key["steps"]):
        chosen = rng.choice(usable, BATCH)
        maps = torch.from_numpy(data.maps[chosen]).float()
        loss = net.loss(maps, drawn_objects(data, chosen, rng), generator)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    net.eval()
    return float(np.mean(losses[-max(1, key["steps"] // 10) :]))


def drawn_objects(data: Cached, chosen: np.ndarray, rng: np.random.Generator) -> Objects:
    """Up to OBJECTS true boxes of each picture; a stand-in where there are fewer."""
    boxes = torch.tensor([0.0, 0.0, 32.0, 32.0]).repeat(len(chosen), OBJECTS, 1)
    mask = torch.zeros(len(chosen), OBJECTS, dtype=torch.bool)
    for row, index in enumerate(chosen):
        order = rng.permutation(len(data.truth[index]))[:OBJECTS]
        boxes[row, : len(order)] = torch.from_numpy(data.truth[index][order])
        mask[row, : len(order)] = True
    return boxes, mask


def at_value(net: Regressor, data: Cached) -> Answer:
    """The detector's boxes moved to the value that the regressor predicts of them."""
    boxes = []
    began = time.process_time()
    with torch.no_grad():
        for maps, start in zip(data.maps, data.boxes, strict=True):
            found = net.moved(*_one(maps, start)) if len(start) else torch.zeros(1, 0, 4)
            boxes.append(found[0].numpy())
    return Answer(boxes, data.scores, (time.process_time() - began) / len(data))


def refined(net: Confidence, data: Cached, length: float, steps: int = STEPS) -> Answer:
    """The detector's boxes climbed by Algorithm 1, with f at their ends."""
    boxes, leads = [], []
    began = time.process_time()
    for maps, start in zip(data.maps, data.boxes, strict=True):
        if not len(start):
            boxes.append(start)
            leads.append(np.zeros(0, np.float32))
            continue
        wide, found = _one(maps, start)
        with torch.no_grad():
            features = net.reduce(wide)
        decay = DECAYS[net.kind]
        if net.kind == "iou-net":
            path, f = refine_corners(net.energy, features, found, length, decay, steps)
        else:
            step = torch.tensor([length, length, 4 * length, 4 * length])
            path, f = refine_boxes(net.energy, features, found, step, decay, steps)
        boxes.append(path[0, :, -1].detach().numpy())
        leads.append(f[0, :, -1].detach().numpy())
    return Answer(boxes, leads, (time.process_time() - began) / len(data))


def _one(maps: np.ndarray, boxes: np.ndarray) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(maps[None]).float(), torch.from_numpy(boxes[None]).float()


def results(data: Cached, answer: Answer, led: bool = False) -> list[Found]:
    """Boxes after suppression by class, led by the class scores or by f."""
    found = []
    for index, boxes in enumerate(answer.boxes):
        scores, labels = data.scores[index], data.labels[index]
        if led:
            kept, scores = guided(boxes, answer.leads[index], scores, labels, NMS_IOU)
        else:
            kept = by_class(boxes, scores, labels, NMS_IOU)
            scores = scores[kept]
        found.append(Found(boxes[kept], scores, labels[kept], data.truth[index],
                           data.classes[index]))  # fmt: skip
    return found


def detector_figures(data: Cached) -> dict[str, float]:
    """Of the detector's own boxes."""
    own = Answer(data.boxes, data.scores, 0.0)
    return figures(average_precisions(results(data, own), data.names))


def ap_of(data: Cached, answer: Answer, led: bool) -> float:
    """AP of an answer, by which step lengths are chosen."""
    return average_precisions(results(data, answer, led), data.names)["ap"]


def val_ap(net: Regressor, data: Cached) -> float:
    """AP on the validation pictures, by which rates are chosen."""
    return ap_of(data, at_value(net, data), led=False)


def figures(found: dict[str, float]) -> dict[str, float]:
    """The three that the table shows."""
    return {name: found[name] for name in ("ap", "ap50", "ap75")}
