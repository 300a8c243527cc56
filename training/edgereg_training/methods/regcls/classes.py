"""Classification beside regression: classes of the targets, their balance, the auxiliary loss.

"A step towards understanding why classification helps regression" (ICCV 2023). The targets' range
is cut into classes, a second output is trained to name the class, and the network regresses better
where the training targets are imbalanced. Balanced classes come from equalising the histogram of
the targets (section 3.3), and what imbalance remains is thinned out of the classification loss.

    classes = equalised_classes(train_targets, 64)
    seen = thin(label(targets, classes.edges), classes.keep, generator)
    loss = weighted(mse, classification_loss(logits, seen), weight)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# The label of an example that the classification loss leaves out.
IGNORED = -1


@dataclass(frozen=True)
class Equalised:
    """classes: int64 [bins], the class 0..C'-1 of every bin, not falling along the bins;
    counts: int64 [C'], the examples of every class."""

    classes: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Classes:
    """Classes of one target. edges: float64 [C+1], rising, in the target's units; class k is
    edges[k] <= y < edges[k+1], the last one with its right edge. keep: float64 [C], the
    probability with which an example of the class counts in the classification loss."""

    edges: Tensor
    keep: Tensor


def equalise(counts: Tensor, classes: int) -> Equalised:
    """Merge the bins of a histogram into at most `classes` classes of about equal counts.

    counts: integers [bins] >= 0. Bin i goes to ceil(classes * cumulated_i / n) - 1, in integers
    (in floating point that exceeds classes - 1 now and then); classes that got no bin are dropped.
    Raises ValueError for an empty or negative histogram or fewer than one class.
    """
    counts = torch.as_tensor(counts)
    if counts.ndim != 1 or counts.is_floating_point() or counts.is_complex():
        raise ValueError(f"counts are integers [bins], not {counts.dtype} {list(counts.shape)}")
    if classes < 1:
        raise ValueError(f"there must be at least one class, not {classes}")
    counts = counts.to(torch.int64)
    total = int(counts.sum())
    if total == 0 or bool((counts < 0).any()):
        raise ValueError("a histogram needs counts of 0 or more, not all of them 0")
    wanted = (classes * counts.cumsum(0) - 1) // total
    # Empty bins before the first example join its class.
    wanted = wanted.clamp(min=int(wanted[counts > 0][0]))
    _, of_bin = torch.unique_consecutive(wanted, return_inverse=True)
    merged = torch.zeros(int(of_bin[-1]) + 1, dtype=torch.int64).index_add_(0, of_bin, counts)
    return Equalised(of_bin, merged)


def uniform_classes(low: float, high: float, classes: int) -> Classes:
    """`classes` classes of equal width over [low, high]; every example counts."""
    if not low < high:
        raise ValueError(f"classes need a range, not {low} .. {high}")
    if classes < 2:
        raise ValueError(f"there must be at least two classes, not {classes}")
    edges = torch.linspace(low, high, classes + 1, dtype=torch.float64)
    return Classes(edges, torch.ones(classes, dtype=torch.float64))


def equalised_classes(targets: Tensor, classes: int) -> Classes:
    """At most `classes` classes of about equal counts between the ends of targets [n]."""
    low, high = float(targets.min()), float(targets.max())
    return equalise_histogram(targets, uniform_classes(low, high, classes).edges)


def equalise_histogram(targets: Tensor, edges: Tensor) -> Classes:
    """The classes that the histogram of targets [n] over the bins of `edges` is merged to.

    What imbalance is left is answered by keeping an example of a class with probability
    (least count) / (its count).
    """
    bins = len(edges) - 1
    counts = torch.bincount(label(targets.flatten(), edges), minlength=bins)
    merged = equalise(counts, bins)
    starts = torch.cat([merged.classes.new_ones(1), merged.classes.diff()]) > 0
    found = torch.cat([edges[:-1][starts], edges[-1:]])
    return Classes(found, merged.counts.min() / merged.counts.to(torch.float64))


def label(targets: Tensor, edges: Tensor) -> Tensor:
    """The class of every target: int64, any shape; targets outside the edges get the end class."""
    found = torch.bucketize(targets.to(edges.dtype), edges, right=True) - 1
    return found.clamp(0, len(edges) - 2)


def thin(labels: Tensor, keep: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Labels with -1 for those that this visit leaves out, each kept with probability keep[label].

    Draw anew at every visit of an example; the regression loss uses all of them.
    """
    chance = torch.rand(labels.shape, dtype=keep.dtype, generator=generator, device=labels.device)
    return torch.where(chance < keep[labels], labels, IGNORED)


def classification_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of logits [B, C] over the labels [B] that are not -1; 0 where all are."""
    total = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return total / (labels != IGNORED).sum().clamp(min=1)


def weighted(regression: Tensor, classification: Tensor, weight: float) -> Tensor:
    """The two losses together, so that neither is scaled down: weight > 1 multiplies the
    regression loss, otherwise the classification loss is divided by it."""
    if weight > 1:
        return weight * regression + classification
    return regression + classification / weight
