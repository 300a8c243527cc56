"""Questions to the user: which file, which camera, which address, where to save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

_VIDEOS = "Videos and images (*.mp4 *.mkv *.avi *.mov *.webm *.gif *.jpg *.jpeg *.png *.bmp *.tiff)"
VIDEO_KINDS = "Video (*.mp4)"
TABLE_KINDS = "JSON lines (*.jsonl);;CSV (*.csv);;Parquet (*.parquet)"


def ask_file(parent: QWidget) -> str:
    """A file to open, or an empty text."""
    return QFileDialog.getOpenFileName(parent, "Open a video", "", f"{_VIDEOS};;All files (*)")[0]


def ask_camera(parent: QWidget) -> str:
    """A camera's index as text, or an empty text."""
    index, agreed = QInputDialog.getInt(parent, "Open a camera", "Camera number:", 0, 0, 99)
    return str(index) if agreed else ""


def ask_url(parent: QWidget) -> str:
    """An address, or an empty text."""
    text, agreed = QInputDialog.getText(
        parent, "Open a URL", "Address (rtsp://, http://) or GStreamer pipeline:"
    )
    return text.strip() if agreed else ""


def ask_target(parent: QWidget, suggestion: str, kinds: str) -> Path | None:
    """Where to save, or None; the ending follows the chosen kind where none is typed."""
    name, kind = QFileDialog.getSaveFileName(parent, "Save as", suggestion, kinds)
    if not name:
        return None
    path = Path(name)
    ending = kind[kind.find("*") + 1 : kind.rfind(")")]
    return path if path.suffix or not ending else path.with_suffix(ending)
