"""Expected errors of the unary and Johnson codes from their bits' error probabilities (S1, 3.1).

Labels are n = 1..N-1 as in the paper's analysis. e[n-1, k-1] is the probability that bit k is
wrong where the label is n. A classifier errs near its own decision boundaries, so that the paper
models e_k(n) as r times a Gaussian density of deviation sigma about each boundary (Eq. 3, 4).

    errors = johnson_errors(150, r=1.0, sigma=3.0)
    johnson_bound(errors)                    # Eq. 27, in levels

The bounds are in their exact form. As printed, the second line of Eq. 20 (and so Eq. 26 and 27)
lacks the probability that no earlier bit is wrong; `printed=True` gives that looser form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def unary_errors(levels: int, r: npt.ArrayLike, sigma: npt.ArrayLike) -> Array:
    """e of the unary code: [..., N-1, N-2] for r and sigma [...]; bit k turns at k + 1/2 (Eq. 3).

    r: expected number of wrong bits about one boundary; sigma: in levels, > 0. An entry above 1 is
    no probability: the model can't have that r and sigma.
    """
    label = np.arange(1, levels)[:, None]
    bit = np.arange(1, levels - 1)
    return _about(label - (bit + 0.5), r, sigma)


def johnson_errors(levels: int, r: npt.ArrayLike, sigma: npt.ArrayLike) -> Array:
    """e of the Johnson code of an even N: [..., N-1, N/2]; two boundaries a bit (Eq. 4).

    The boundaries are N/2 - k + 1/2 and N - k + 1/2, where the code (Eq. 13) changes; the offset
    printed in Eq. 4 is of labels 1..N.
    """
    bits = _bits(levels)
    label = np.arange(1, levels)[:, None]
    bit = np.arange(1, bits + 1)
    first = _about(label - (bits - bit + 0.5), r, sigma)
    return first + _about(label - (levels - bit + 0.5), r, sigma)


def unary_bound(errors: npt.ArrayLike) -> Array:
    """Eq. 2: the mean number of wrong bits over labels, [...] of e [..., N-1, N-2].

    A bound, since wrong bits on both sides of the edge cancel in the count.
    """
    found: Array = np.asarray(errors, np.float64).sum(-1).mean(-1)
    return found


def johnson_bound(errors: npt.ArrayLike, printed: bool = False) -> Array:
    """Eq. 27: the mean of Eq. 26 over labels, [...] of e [..., N-1, N/2]."""
    e = np.asarray(errors, np.float64)
    labels, bits = e.shape[-2:]
    if labels + 1 != 2 * bits:
        raise ValueError(f"e of a Johnson code is [..., N-1, N/2], got [..., {labels}, {bits}]")
    each = [label_bound(e[..., n - 1, :], n, printed) for n in range(1, labels + 1)]
    found: Array = np.mean(each, axis=0)
    return found


def label_bound(errors: npt.ArrayLike, label: int, printed: bool = False) -> Array:
    """Eq. 26: bound of the error at one label, [...] of e [..., N/2]: both edges' errors added."""
    e = np.asarray(errors, np.float64)
    bits = e.shape[-1]
    # The words of labels above N/2 are those below it read backwards.
    if label > bits:
        e, label = e[..., ::-1], 2 * bits - label
    zeros = bits - label
    return first_edge(e, zeros, printed) + last_edge(e, zeros)


def first_edge(errors: npt.ArrayLike, zeros: int, printed: bool = False) -> Array:
    """Eq. 20: expected shift of the first one in a word of `zeros` zeros, then ones.

    A wrong zero moves it forward, to the earliest of them; wrong ones from the first on, with no
    zero wrong, move it back. e: [..., N/2].
    """
    e = np.asarray(errors, np.float64)
    before, after = e[..., :zeros], e[..., zeros:]
    clear = np.cumprod(1 - before, axis=-1)
    ahead = np.concatenate([np.ones_like(clear[..., :1]), clear], axis=-1)
    forward = (np.arange(zeros, 0, -1) * before * ahead[..., :zeros]).sum(-1)
    back = np.cumprod(after, axis=-1).sum(-1)
    weight = np.ones_like(back) if printed or not zeros else clear[..., -1]
    found: Array = forward + weight * back
    return found


def last_edge(errors: npt.ArrayLike, zeros: int) -> Array:
    """Eq. 25: expected shift of the last one in a word of `zeros` zeros, then ones.

    Wrong ones from the end move it back, and where all ones are wrong, on to the last wrong zero.
    e: [..., N/2].
    """
    e = np.asarray(errors, np.float64)
    before, after = e[..., :zeros], e[..., zeros:]
    back = np.cumprod(after[..., ::-1], axis=-1)
    beyond = np.cumprod(1 - before[..., ::-1], axis=-1).sum(-1)
    found: Array = back.sum(-1) + back[..., -1] * beyond
    return found


def _bits(levels: int) -> int:
    if levels % 2 or levels < 2:
        raise ValueError(f"the bounds of the Johnson code need an even number of levels: {levels}")
    return levels // 2


def _about(distance: Array, r: npt.ArrayLike, sigma: npt.ArrayLike) -> Array:
    scale = np.asarray(r, np.float64)[..., None, None]
    width = np.asarray(sigma, np.float64)[..., None, None]
    density = np.exp(-0.5 * (distance / width) ** 2) / (width * np.sqrt(2 * np.pi))
    found: Array = scale * density
    return found
