"""Other face detectors on labelled pictures, each in an environment of its own.

    python -m venv peers && peers/bin/pip install mediapipe==0.10.14 facenet-pytorch
    peers/bin/python benchmarks/peers/detect.py PEER LABELS OUT.json [--folder DIR]

PEER: mediapipe-short, mediapipe-full (for faces within 2 m and 5 m), mtcnn. LABELS: a COCO JSON, or
a folder of pictures. OUT.json gets, for every picture, boxes of faces, scores and milliseconds on
one thread; `heads.py` judges them. It needs nothing of edgereg, so that any environment runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

Found = tuple[list[list[float]], list[float]]


def mediapipe(model: int) -> Callable[[np.ndarray], Found]:
    """MediaPipe's face detection; model 0 short range, 1 full range."""
    from mediapipe.python.solutions.face_detection import (  # type: ignore[import-not-found]
        FaceDetection,
    )

    detector = FaceDetection(min_detection_confidence=0.5, model_selection=model)

    def detect(image: np.ndarray) -> Found:
        height, width = image.shape[:2]
        boxes, scores = [], []
        for found in detector.process(image).detections or []:
            box = found.location_data.relative_bounding_box
            left, top = box.xmin * width, box.ymin * height
            boxes.append([left, top, left + box.width * width, top + box.height * height])
            scores.append(float(found.score[0]))
        return boxes, scores

    return detect


def mtcnn() -> Callable[[np.ndarray], Found]:
    """facenet-pytorch's MTCNN with its own thresholds."""
    import torch
    from facenet_pytorch import MTCNN  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    detector = MTCNN(keep_all=True, min_face_size=20, device="cpu")

    def detect(image: np.ndarray) -> Found:
        boxes, scores = detector.detect(image)
        if boxes is None:
            return [], []
        return boxes.tolist(), [float(score) for score in scores]

    return detect


PEERS: dict[str, Callable[[], Callable[[np.ndarray], Found]]] = {
    "mediapipe-short": lambda: mediapipe(0),
    "mediapipe-full": lambda: mediapipe(1),
    "mtcnn": mtcnn,
}


def files_of(labels: Path, folder: Path | None) -> list[Path]:
    """The pictures of a COCO JSON, or of a folder, in order."""
    if labels.is_file():
        images = json.loads(labels.read_text(encoding="utf-8"))["images"]
        return [(folder or labels.parent) / image["file_name"] for image in images]
    endings = (".jpg", ".jpeg", ".png", ".webp")
    return sorted(path for path in labels.rglob("*") if path.suffix.lower() in endings)


def main() -> None:
    """Run one peer over all pictures."""
    parser = argparse.ArgumentParser(description="Another detector on labelled pictures.")
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detect = PEERS[options.peer]()
    rows = []
    for path in files_of(options.labels, options.folder):
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise SystemExit(f"{path}: no picture that can be read")
        image = np.asarray(pixels)
        began = time.perf_counter()
        boxes, scores = detect(image)
        taken = (time.perf_counter() - began) * 1000
        rows.append({"file": path.name, "boxes": boxes, "scores": scores, "ms": taken})
    content = {"peer": options.peer, "pictures": rows}
    options.out.write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main()
