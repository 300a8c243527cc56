"""Where the zero of head pose lies, and how the other definitions differ from ours.

Ours is the field's: the frontal face of the 3D morphable model that labels 300W-LP and AFLW2000-3D.
All common zeros look straight ahead and upright; they differ in pitch alone, by a constant, because
pitch is the innermost rotation of R = Rz(roll) Ry(yaw) Rx(pitch).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgereg.core.arrays import FloatArray
from edgereg.core.rotation import angles_of

# Degrees to add to a pitch measured from another zero. MediaPipe's canonical face: its points
# registered to the mean 68 points of 300W-LP (rotation, scale, shift) read +1.8 to +4.0 degrees,
# as more or fewer of the nose and the brows count; 68 points of photographs fitted with both read
# +3.3. The mesh: MediaPipe reads +5 on rendered heads at the mesh's zero.
MEDIAPIPE_PITCH = 3.0
MESH_PITCH = 8.0


def mediapipe_angles(transforms: npt.NDArray[np.floating]) -> FloatArray:
    """Our yaw, pitch, roll [N, 3] of MediaPipe's facial transformation matrices [N, 4, 4]."""
    turned = transforms[:, :3, :3]
    angles = angles_of(turned / np.linalg.norm(turned, axis=1, keepdims=True))
    return angles + np.array([0, MEDIAPIPE_PITCH, 0], np.float32)
