"""Run while an image is built: does it use the board's own OpenCV and TensorRT?

    python check_image.py TENSORRT_VERSION

TensorRT may need a driver to be imported, which a build has not: its package's version is read.
"""

from __future__ import annotations

import subprocess
import sys

import cv2

SYSTEM = "/usr/lib/"


def faults(version: str) -> list[str]:
    """What is wrong, one line each."""
    found = []
    if not cv2.__file__.startswith(SYSTEM):
        found.append(f"OpenCV is not the system's: {cv2.__file__}")
    if "GStreamer:                   YES" not in cv2.getBuildInformation():
        found.append(
            f"OpenCV {cv2.__version__} has no GStreamer: no camera on the board's connector"
        )
    installed = tensorrt_version()
    if not installed.startswith(f"{version}."):
        found.append(f"TensorRT is {installed or 'missing'}, wanted is {version}")
    return found


def tensorrt_version() -> str:
    """Of the Debian package; empty where there is none."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", "python3-libnvinfer"]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout


def main(version: str) -> int:
    """Say what is wrong; 1 where anything is."""
    found = faults(version)
    print(*found, sep="\n", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
