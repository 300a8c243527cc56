"""OpenCV's CSRT, KCF and MIL on one sequence, for `compare.py`.

Stands alone, in an environment of its own, since opencv-contrib replaces OpenCV:

    python -m venv trackers && trackers/bin/pip install "opencv-contrib-python-headless<5"

    trackers/bin/python opencv_trackers.py CSRT X,Y,W,H FRAME...  -> {"boxes": [...], "frame_ms": t}
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import cv2


def main() -> None:
    """Boxes x1, y1, x2, y2 of all frames, the last one again where nothing was found; the median
    time that the tracker took for a frame, reading left out."""
    name, first, *files = sys.argv[1:]
    cv2.setNumThreads(1)
    tracker = getattr(cv2, f"Tracker{name}_create")()
    x, y, w, h = (float(number) for number in first.split(","))
    boxes, times = [[x, y, x + w, y + h]], []
    for index, file in enumerate(files):
        image = cv2.imread(file, cv2.IMREAD_COLOR)
        began = time.perf_counter()
        if index == 0:
            tracker.init(image, (round(x), round(y), round(w), round(h)))
        else:
            found, (x, y, w, h) = tracker.update(image)
            boxes.append([x, y, x + w, y + h] if found else boxes[-1])
        times.append(1000 * (time.perf_counter() - began))
    print(json.dumps({"boxes": boxes, "frame_ms": statistics.median(times)}))


if __name__ == "__main__":
    main()
