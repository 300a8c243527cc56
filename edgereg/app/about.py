"""What this program is, in a box."""

from __future__ import annotations

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from edgereg import __version__
from edgereg.app.look.language import mark, tr

_TEXT = "<h2>edgereg {version}</h2><p>{what}</p><p>{licence}: Apache-2.0. Qt {qt}.</p>"
_WHAT = mark(
    "Deep visual regression on video: not only the answer, but the whole predicted density p(y|x), "
    "and how the answer was refined on it."
)


def about_box(parent: QWidget) -> QDialog:
    """The dialog; the caller opens it."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("About edgereg"))
    label = QLabel(
        _TEXT.format(version=__version__, qt=qVersion(), what=tr(_WHAT), licence=tr("Licence"))
    )
    label.setWordWrap(True)
    label.setMinimumWidth(360)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 16, 24, 16)
    column.addWidget(label)
    column.addWidget(buttons)
    return dialog
