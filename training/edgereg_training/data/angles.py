"""Head poses of other conventions in edgereg's: yaw, pitch, roll in degrees of
R = Rz(roll) Ry(yaw) Rx(pitch), x to image right, y up, z towards the camera, where +yaw turns the
nose to image right, +pitch lowers it and +roll tilts the crown to image left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg.core.geometry import rotation_matrix

Floats = npt.NDArray[np.float64]
# A camera that has y down and z away from itself, in edgereg's axes.
_TURNED = np.diag([1.0, -1.0, -1.0])


def angles_of(rotation: npt.ArrayLike) -> Floats:
    """Yaw, pitch, roll [..., 3] in degrees of rotations [..., 3, 3] in edgereg's axes; yaw within
    -90..90."""
    r = np.asarray(rotation, np.float64)
    yaw = np.arcsin(np.clip(-r[..., 2, 0], -1, 1))
    pitch = np.arctan2(r[..., 2, 1], r[..., 2, 2])
    roll = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=-1)))


def from_camera(rotation: npt.ArrayLike) -> Floats:
    """Of a rotation [3, 3] whose axes are x to image right, y down and z away from the camera, and
    that leaves a head which looks into the camera as it is (BIWI).

    The angles that HopeNet reads out of the same matrix are these with the other sign.
    """
    return angles_of(_TURNED @ np.asarray(rotation, np.float64) @ _TURNED)


def from_300w_lp(pitch: float, yaw: float, roll: float) -> Floats:
    """Of 300W-LP's angles, which are radians of R = Rx(-pitch) Ry(-yaw) Rz(-roll) in edgereg's
    axes: there +yaw turns the nose to image left, +pitch raises it, and the order is another."""
    about_x, about_y, about_z = (
        rotation_matrix(angles)
        for angles in (
            (0.0, -np.degrees(pitch), 0.0),
            (-np.degrees(yaw), 0.0, 0.0),
            (0.0, 0.0, -np.degrees(roll)),
        )
    )
    return angles_of(about_x @ about_y @ about_z)


def to_300w_lp(angles: npt.ArrayLike) -> Floats:
    """The inverse of `from_300w_lp`, in degrees and in the order of edgereg: yaw, pitch, roll
    [..., 3]. The field's errors on 300W-LP and AFLW2000-3D are differences of these."""
    r = rotation_matrix(np.asarray(angles, np.float64).reshape(-1, 3))
    # R = Rx(a) Ry(b) Rz(c): R02 = sin b, R12 / R22 = -tan a, R01 / R00 = -tan c.
    yaw = -np.arcsin(np.clip(r[:, 0, 2], -1, 1))
    pitch = -np.arctan2(-r[:, 1, 2], r[:, 2, 2])
    roll = -np.arctan2(-r[:, 0, 1], r[:, 0, 0])
    found = np.degrees(np.stack([yaw, pitch, roll], axis=-1))
    return np.asarray(found.reshape(np.shape(angles)))
