"""Questions to the user: which file, which camera, which address, where to save, whether really."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from edgereg.app.look.language import tr
from edgereg.plugins import Plugins


def file_filter(plugins: Plugins) -> str:
    """The endings that sources take, as a file dialog wants them."""
    endings = (e for source in plugins.sources().values() for e in source.endings)
    known = " ".join(f"*{ending}" for ending in endings)
    return f"{tr('Videos and images')} ({known});;{tr('All files')} (*)"


def target_filter(plugins: Plugins, *, pictures: bool) -> str:
    """The outputs with pictures, or those without, as a file dialog wants them."""
    formats = [sink for sink in plugins.sinks().values() if sink.pictures == pictures]
    return ";;".join(f"{sink.title} (*{sink.ending})" for sink in formats)


def ask_file(parent: QWidget, kinds: str, folder: str) -> str:
    """A file to open, or an empty text; kinds: as `file_filter` gives it; folder: to begin in."""
    return QFileDialog.getOpenFileName(parent, tr("Open a video"), folder, kinds)[0]


def ask_camera(parent: QWidget) -> str:
    """A camera's index as text, or an empty text."""
    index, agreed = QInputDialog.getInt(parent, tr("Open a camera"), tr("Camera number:"), 0, 0, 99)
    return str(index) if agreed else ""


def ask_url(parent: QWidget) -> str:
    """An address, or an empty text."""
    text, agreed = QInputDialog.getText(
        parent, tr("Open a URL"), tr("Address (rtsp://, http://) or GStreamer pipeline:")
    )
    return text.strip() if agreed else ""


def ask_model(parent: QWidget) -> Path | None:
    """A model folder, or None."""
    chosen = QFileDialog.getExistingDirectory(parent, tr("A model folder"), "")
    return Path(chosen) if chosen else None


def ask_target(parent: QWidget, suggestion: str, kinds: str) -> Path | None:
    """Where to save, or None; the ending follows the chosen kind where none is typed."""
    name, kind = QFileDialog.getSaveFileName(parent, tr("Save as"), suggestion, kinds)
    if not name:
        return None
    path = Path(name)
    ending = kind[kind.find("*") + 1 : kind.rfind(")")]
    return path if path.suffix or not ending else path.with_suffix(ending)


def confirm(
    parent: QWidget, question: str, detail: str, agree: str, then: Callable[[], object]
) -> QMessageBox:
    """Ask before something is thrown away, without a loop of its own; `then` is called where the
    user agrees. Enter and Escape leave everything as it is."""
    box = QMessageBox(QMessageBox.Icon.Warning, parent.window().windowTitle(), question)
    box.setParent(parent.window(), box.windowFlags())
    box.setInformativeText(detail)
    stay = box.addButton(tr("Go on"), QMessageBox.ButtonRole.RejectRole)
    go = box.addButton(agree, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    go.clicked.connect(then)
    box.open()
    return box
