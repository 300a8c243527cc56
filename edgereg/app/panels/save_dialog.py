"""Where a video is saved, and what its pictures show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from edgereg.app.look.language import tr
from edgereg.blurring import Blur


@dataclass(frozen=True)
class Pictures:
    """What the pictures of a video show. marks: what was found; blur: heads, covered."""

    marks: bool = True
    blur: Blur | None = None


ANNOTATED = Pictures()


class SaveDialog(QDialog):
    """Asks for both, and gives them to `save`.

    note: what else is to be known. covers: whether heads can be covered. browse: asks for a file,
    beginning with one.
    """

    def __init__(
        self,
        parent: QWidget,
        suggestion: Path,
        *,
        title: str,
        note: str = "",
        covers: bool,
        browse: Callable[[str], Path | None],
        save: Callable[[Path, Pictures], None],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self._browse, self._save, self._note = browse, save, note
        self.place = QLineEdit(str(suggestion))
        self.place.setAccessibleName(tr("File"))
        self.shows = QComboBox()
        for widget in (self.shows, self.shows.view()):
            widget.setAccessibleName(tr("What the pictures show"))
        for text, pictures in self._offers(covers=covers):
            self.shows.addItem(text, pictures)
        self.note = QLabel()
        self.note.setObjectName("reason")
        choose = QPushButton(tr("Browse…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.addWidget(self.place, 1)
        row.addWidget(choose)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.setSpacing(10)
        label = QLabel(tr("&File"))
        label.setBuddy(self.place)
        form.addRow(label, row)
        form.addRow(tr("&Pictures"), self.shows)
        form.addRow(self.note)
        form.addRow(buttons)
        self.place.textChanged.connect(self._look)
        self.accepted.connect(self._give)
        self._look(self.place.text())
        self.place.selectAll()

    def _offers(self, *, covers: bool) -> list[tuple[str, Pictures]]:
        offers = [
            (tr("with what was found drawn on them"), ANNOTATED),
            (tr("as they were recorded"), Pictures(marks=False)),
        ]
        if covers:
            offers += [
                (tr("every head covered, smoothly"), Pictures(False, Blur("blur"))),
                (tr("every head covered, in squares"), Pictures(False, Blur("pixelate"))),
                (tr("every head covered, in black"), Pictures(False, Blur("box"))),
            ]
        return offers

    def _choose(self) -> None:
        if (chosen := self._browse(self.place.text())) is not None:
            self.place.setText(str(chosen))

    def _look(self, text: str) -> None:
        there = bool(text) and Path(text).is_file()
        replaces = tr("Takes the place of the file that is there.")
        self.note.setText(replaces if there else self._note)

    def _give(self) -> None:
        target = Path(self.place.text().strip())
        if target.name:
            self._save(target, self.shows.currentData())
