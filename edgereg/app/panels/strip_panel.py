"""A folder of photographs as a strip of small pictures; a click goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.player.latest import LatestWorker
from edgereg.core.arrays import Image
from edgereg.core.errors import EdgeregError
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.sources.options import SourceOptions
from edgereg.sources.still import decode_still

_SIDE = 64
_ITEM = QSize(92, 90)
# So many are read before the first of them are shown.
_AT_ONCE = 6


class StripPanel(QListWidget):
    """Reads only the pictures that can be seen. `loaded`: the places that have a small picture."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._playback = desk.playback
        self._files: tuple[Path, ...] = ()
        self.loaded: set[int] = set()
        self._worker = LatestWorker(_thumbnails, "photographs", self)
        self._worker.answers.arrived.connect(self._show_thumbnails)
        self.setObjectName("people")
        self.setAccessibleName(tr("Photographs"))
        self.setToolTip(tr("The photographs of the folder; click to go there"))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setGridSize(_ITEM)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setMinimumHeight(_ITEM.height() + 16)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalScrollBar().valueChanged.connect(self._ask)
        self.currentRowChanged.connect(self._go)
        desk.player.opened.connect(self._open)
        desk.player.shown.connect(self._stand)
        desk.closing.connect(self._worker.close)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Now they can be seen."""
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """More of them may be seen."""
        super().resizeEvent(event)
        self._ask()

    def _open(self, info: SourceInfo) -> None:
        files = info.files if info.stills else ()
        if files == self._files:
            return
        self._files, self.loaded = files, set()
        self.blockSignals(True)
        self.clear()
        for path in files:
            item = QListWidgetItem(path.name)
            item.setToolTip(str(path))
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.addItem(item)
        self.blockSignals(False)
        self._ask()

    def _stand(self, result: FrameResult) -> None:
        if self._files and result.index != self.currentRow():
            self.blockSignals(True)
            self.setCurrentRow(result.index)
            self.blockSignals(False)

    def _go(self, row: int) -> None:
        if row >= 0:
            self._playback.seek(row)

    def _ask(self) -> None:
        """Read small pictures of what is seen and has none yet."""
        if not self.isVisible() or not self._files:
            return
        left = self.horizontalScrollBar().value() // _ITEM.width()
        right = left + self.viewport().width() // _ITEM.width() + 2
        missing = [
            row for row in range(left, min(right, len(self._files))) if row not in self.loaded
        ]
        if missing:
            self._worker.ask([(row, self._files[row]) for row in missing[:_AT_ONCE]])

    def _show_thumbnails(self, found: Mapping[tuple[int, Path], Image | None]) -> None:
        for (row, path), image in found.items():
            if row >= len(self._files) or self._files[row] != path:
                continue
            self.loaded.add(row)
            if image is not None:
                height, width = image.shape[:2]
                picture = QImage(image.data, width, height, 3 * width, QImage.Format.Format_RGB888)
                self.item(row).setIcon(QIcon(QPixmap.fromImage(picture)))
        self._ask()


def _thumbnails(wanted: Sequence[tuple[int, Path]]) -> dict[tuple[int, Path], Image | None]:
    """A small picture of each photograph, None where it can't be read."""
    found: dict[tuple[int, Path], Image | None] = {}
    for row, path in wanted:
        try:
            image, _ = decode_still(path.read_bytes(), path.name, SourceOptions().max_pixels)
        except (EdgeregError, OSError):
            found[row, path] = None
            continue
        height, width = image.shape[:2]
        shrink = _SIDE / max(height, width)
        size = max(round(width * shrink), 1), max(round(height * shrink), 1)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        found[row, path] = np.ascontiguousarray(small, np.uint8)
    return found
