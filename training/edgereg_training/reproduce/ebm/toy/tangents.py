"""The tiny energy's y-derivative and its gradient: what Langevin steps and score matching need.

Forward mode in y on top of `jets.forward`, and reverse mode through both by hand.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from edgereg_training.reproduce.ebm.toy.jets import HIDDEN, _add, _sum_rows


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _tanh_tangent(value, inner, out):  # type: ignore[no-untyped-def]
    for o in range(HIDDEN):
        for m in range(value.shape[1]):
            out[o, m] = (np.float32(1) - value[o, m] * value[o, m]) * inner[o, m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def slopes(parts, acts, tangents, inner, slope):  # type: ignore[no-untyped-def]
    """df/dy [P] into slope, after `jets.forward`.

    tangents [6, 10, P]: y-derivatives of acts; inner [3, 10, P]: those of the layers' inputs.
    """
    _, _, (wt, _), (_, wy), _, (w2, _), (w3, _), (w4, _) = parts
    for o in range(HIDDEN):
        w = wt[o]
        for m in range(slope.shape[0]):
            tangents[0, o, m] = w * (np.float32(1) - acts[0, o, m] * acts[0, o, m])
    np.dot(wy, tangents[0], inner[0])
    _tanh_tangent(acts[1], inner[0], tangents[1])
    np.dot(w2, tangents[1], inner[1])
    _tanh_tangent(acts[2], inner[1], tangents[2])
    _add(tangents[1], tangents[2], tangents[3])
    np.dot(w3, tangents[3], inner[2])
    _tanh_tangent(acts[4], inner[2], tangents[4])
    _add(tangents[3], tangents[4], tangents[5])
    slope[:] = 0
    for o in range(HIDDEN):
        w = w4[o]
        for m in range(slope.shape[0]):
            slope[m] += w * tangents[5, o, m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _tanh_back(value, inner, g, g_tangent, d, d_tangent):  # type: ignore[no-untyped-def]
    """Adjoints of a and a' into d and d_tangent, of t = tanh(a) and t' = (1 - t^2) a'."""
    for o in range(HIDDEN):
        for m in range(value.shape[1]):
            t = value[o, m]
            rest = np.float32(1) - t * t
            d_tangent[o, m] = rest * g_tangent[o, m]
            d[o, m] = rest * (g[o, m] - np.float32(2) * t * inner[o, m] * g_tangent[o, m])


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def slopes_backward(  # type: ignore[no-untyped-def]
    parts, grads, y, acts, tangents, inner, g_slope, work, g_image
):
    """Adds d loss / d parameters to grads, given d loss / d slope [P]; sets g_image [10].

    work [6, 10, P] is scratch.
    """
    _, _, (wt, _), (_, wy), _, (w2, _), (w3, _), (w4, _) = parts
    _, _, (g_wt, g_bt), (_, g_wy), _, (g_w2, g_b2), (g_w3, g_b3), (g_w4, _) = grads
    g, gt, d, dt, back = work[0], work[1], work[2], work[3], work[4]
    g[:] = 0
    for o in range(HIDDEN):
        s = np.float32(0)
        for m in range(g_slope.shape[0]):
            gt[o, m] = w4[o] * g_slope[m]
            s += g_slope[m] * tangents[5, o, m]
        g_w4[o] += s
    _tanh_back(acts[4], inner[2], g, gt, d, dt)
    g_w3 += np.dot(d, acts[3].T) + np.dot(dt, tangents[3].T)
    _sum_rows(d, g_b3)
    np.dot(w3.T, d, back)
    _add(g, back, g)
    np.dot(w3.T, dt, back)
    _add(gt, back, gt)
    _tanh_back(acts[2], inner[1], g, gt, d, dt)
    g_w2 += np.dot(d, acts[1].T) + np.dot(dt, tangents[1].T)
    _sum_rows(d, g_b2)
    np.dot(w2.T, d, back)
    _add(g, back, g)
    np.dot(w2.T, dt, back)
    _add(gt, back, gt)
    _tanh_back(acts[1], inner[0], g, gt, d, dt)
    g_wy += np.dot(d, acts[0].T) + np.dot(dt, tangents[0].T)
    g_image[:] = 0
    _sum_rows(d, g_image)
    np.dot(wy.T, d, g)
    np.dot(wy.T, dt, gt)
    for o in range(HIDDEN):
        w, s, b = wt[o], np.float32(0), np.float32(0)
        for m in range(y.shape[0]):
            t = acts[0, o, m]
            rest = np.float32(1) - t * t
            a = rest * (g[o, m] - np.float32(2) * t * w * gt[o, m])
            s += a * y[m] + rest * gt[o, m]
            b += a
        g_wt[o] += s
        g_bt[o] += b
