"""The tiny energy's arithmetic: value, y-derivative and gradients by hand, one row at a time.

A row is one x with its points y [P]; units are rows of matrices [10, P], so that every operation
runs along contiguous points. Compiled, because the whole network is smaller than the overhead of
a framework's operations. Tests compare every gradient with autograd on `network.ToyEnergy`.
"""

from __future__ import annotations

import numba as nb
import numpy as np

HIDDEN = 10
# Sizes of the flat parameter vector's parts, in the order of network.flatten.
SQUARE = HIDDEN * HIDDEN
PARAMETERS = (
    2 * HIDDEN
    + (SQUARE + HIDDEN)
    + 2 * HIDDEN
    + (2 * SQUARE + HIDDEN)
    + 2 * (SQUARE + HIDDEN)
    + (HIDDEN + 1)
)
ACTIVATIONS = 6


@nb.njit(cache=True)
def views(theta):  # type: ignore[no-untyped-def]
    """The parameter vector [PARAMETERS] as named parts that share its memory."""
    n, s = HIDDEN, HIDDEN * HIDDEN
    a = 2 * n
    b = a + s + n
    c = b + 2 * n
    d = c + 2 * s + n
    e = d + s + n
    f = e + s + n
    return (
        (theta[0:n], theta[n : 2 * n]),
        (theta[a : a + s].reshape(n, n), theta[a + s : b]),
        (theta[b : b + n], theta[b + n : c]),
        (theta[c : c + s].reshape(n, n), theta[c + s + n : d].reshape(n, n)),
        theta[c + s : c + s + n],
        (theta[d : d + s].reshape(n, n), theta[d + s : e]),
        (theta[e : e + s].reshape(n, n), theta[e + s : f]),
        (theta[f : f + n], theta[f + n : f + n + 1]),
    )


@nb.njit(cache=True, fastmath=True, error_model="numpy", inline="always")
def tanh(x):  # type: ignore[no-untyped-def]
    """tanh in float32 to about 1e-7: a rational function, which vectorises."""
    x = min(max(x, np.float32(-7.9)), np.float32(7.9))
    s = x * x
    p = np.float32(-2.76076847742355e-16)
    p = p * s + np.float32(2.00018790482477e-13)
    p = p * s + np.float32(-8.60467152213735e-11)
    p = p * s + np.float32(5.12229709037114e-08)
    p = p * s + np.float32(1.48572235717979e-05)
    p = p * s + np.float32(6.37261928875436e-04)
    p = p * s + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06)
    q = q * s + np.float32(1.18534705686654e-04)
    q = q * s + np.float32(2.26843463243900e-03)
    q = q * s + np.float32(4.89352518554385e-03)
    return x * p / q


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def features(parts, x, hidden):  # type: ignore[no-untyped-def]
    """g_x: two ReLU layers; hidden [2, 10] keeps both. Returns W_x g_x + b [10]."""
    (w1, b1), (w2, b2), _, (wx, _), bias, _, _, _ = parts
    for o in range(HIDDEN):
        hidden[0, o] = max(w1[o] * x + b1[o], np.float32(0))
    for o in range(HIDDEN):
        total = b2[o]
        for i in range(HIDDEN):
            total += w2[o, i] * hidden[0, i]
        hidden[1, o] = max(total, np.float32(0))
    image = bias.copy()
    for o in range(HIDDEN):
        for i in range(HIDDEN):
            image[o] += wx[o, i] * hidden[1, i]
    return image


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def features_backward(parts, grads, x, hidden, g_image):  # type: ignore[no-untyped-def]
    """Adds the gradients of `features` to grads, given d loss / d image [10]."""
    _, (w2, _), _, (wx, _), _, _, _, _ = parts
    (g_w1, g_b1), (g_w2, g_b2), _, (g_wx, _), g_bias, _, _, _ = grads
    g_hidden = np.zeros(HIDDEN, np.float32)
    for o in range(HIDDEN):
        g_bias[o] += g_image[o]
        for i in range(HIDDEN):
            g_wx[o, i] += g_image[o] * hidden[1, i]
            g_hidden[i] += g_image[o] * wx[o, i]
    g_first = np.zeros(HIDDEN, np.float32)
    for o in range(HIDDEN):
        if hidden[1, o] > 0:
            g_b2[o] += g_hidden[o]
            for i in range(HIDDEN):
                g_w2[o, i] += g_hidden[o] * hidden[0, i]
                g_first[i] += g_hidden[o] * w2[o, i]
    for o in range(HIDDEN):
        if hidden[0, o] > 0:
            g_w1[o] += g_first[o] * x
            g_b1[o] += g_first[o]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _tanh_rows(values, bias):  # type: ignore[no-untyped-def]
    for o in range(HIDDEN):
        b = bias[o]
        row = values[o]
        for m in range(row.shape[0]):
            row[m] = tanh(row[m] + b)


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _add(a, b, out):  # type: ignore[no-untyped-def]
    for o in range(HIDDEN):
        for m in range(a.shape[1]):
            out[o, m] = a[o, m] + b[o, m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def target_features(parts, y, out):  # type: ignore[no-untyped-def]
    """g_y = tanh(w y + b) of y [P] into out [10, P]."""
    w, b = parts[2]
    for o in range(HIDDEN):
        wo, bo = w[o], b[o]
        for m in range(y.shape[0]):
            out[o, m] = tanh(wo * y[m] + bo)


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def forward(parts, image, acts, f):  # type: ignore[no-untyped-def]
    """f [P] of image [10] and acts[0] = g_y; acts [6, 10, P] keeps g_y, h1, t2, h2, t3, h3."""
    _, _, _, (_, wy), _, (w2, b2), (w3, b3), (w4, b4) = parts
    np.dot(wy, acts[0], acts[1])
    _tanh_rows(acts[1], image)
    np.dot(w2, acts[1], acts[2])
    _tanh_rows(acts[2], b2)
    _add(acts[1], acts[2], acts[3])
    np.dot(w3, acts[3], acts[4])
    _tanh_rows(acts[4], b3)
    _add(acts[3], acts[4], acts[5])
    f[:] = b4[0]
    for o in range(HIDDEN):
        wo = w4[o]
        row = acts[5, o]
        for m in range(f.shape[0]):
            f[m] += wo * row[m]


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _through_tanh(gradient, value, out):  # type: ignore[no-untyped-def]
    for o in range(HIDDEN):
        for m in range(gradient.shape[1]):
            out[o, m] = gradient[o, m] * (np.float32(1) - value[o, m] * value[o, m])


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def _sum_rows(values, total):  # type: ignore[no-untyped-def]
    for o in range(HIDDEN):
        s = np.float32(0)
        for m in range(values.shape[1]):
            s += values[o, m]
        total[o] += s


@nb.njit(cache=True, fastmath=True, error_model="numpy")
def backward(parts, grads, y, acts, g_f, work, g_image):  # type: ignore[no-untyped-def]
    """Adds d loss / d parameters to grads, given d loss / d f [P]; sets g_image [10].

    acts: as `forward` left them; work [3, 10, P] is scratch.
    """
    _, _, _, (_, wy), _, (w2, _), (w3, _), (w4, _) = parts
    _, _, (g_wt, g_bt), (_, g_wy), _, (g_w2, g_b2), (g_w3, g_b3), (g_w4, g_b4) = grads
    g, d, back = work[0], work[1], work[2]
    for o in range(HIDDEN):
        wo = w4[o]
        s = np.float32(0)
        for m in range(g_f.shape[0]):
            g[o, m] = wo * g_f[m]
            s += g_f[m] * acts[5, o, m]
        g_w4[o] += s
    for m in range(g_f.shape[0]):
        g_b4[0] += g_f[m]
    _through_tanh(g, acts[4], d)
    g_w3 += np.dot(d, acts[3].T)
    _sum_rows(d, g_b3)
    np.dot(w3.T, d, back)
    _add(g, back, g)
    _through_tanh(g, acts[2], d)
    g_w2 += np.dot(d, acts[1].T)
    _sum_rows(d, g_b2)
    np.dot(w2.T, d, back)
    _add(g, back, g)
    _through_tanh(g, acts[1], d)
    g_wy += np.dot(d, acts[0].T)
    g_image[:] = 0
    _sum_rows(d, g_image)
    np.dot(wy.T, d, back)
    _through_tanh(back, acts[0], d)
    _sum_rows(d, g_bt)
    for o in range(HIDDEN):
        s = np.float32(0)
        for m in range(y.shape[0]):
            s += d[o, m] * y[m]
        g_wt[o] += s
