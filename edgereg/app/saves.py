"""What the user saves: tables and videos of the whole source, recordings, the frame on show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from edgereg.app import dialogs as asking
from edgereg.app.desk import Desk
from edgereg.app.look.language import tr
from edgereg.app.panels.canvas import annotated
from edgereg.app.panels.save_dialog import ANNOTATED, Pictures, SaveDialog
from edgereg.app.panels.saving import SavingPanel
from edgereg.app.player.exports import Export
from edgereg.app.player.recording import Take, recording_name
from edgereg.blurring import HEADS


class Saves:
    """Asks where to, and hands on what is to be written.

    window: over which questions stand. saving: the panel that shows what is being written.
    """

    def __init__(self, window: QWidget, desk: Desk, saving: SavingPanel) -> None:
        self._window, self._desk, self._saving = window, desk, saving
        self._player = desk.player

    def ask_and_export(self, *, pictures: bool) -> None:
        """Ask where to save, and export: pictures with marks, or a table."""
        request = self._player.request
        if request is None:
            return
        if pictures:
            suggestion = Path(f"{Path(request.text).stem}-edgereg.mp4").absolute()
            self._ask_for_video(suggestion, self.export, tr("Save a video"))
            return
        kinds = asking.target_filter(self._desk.catalogue.plugins, pictures=False)
        name = f"{Path(request.text).stem}-edgereg.jsonl"
        if target := asking.ask_target(self._window, name, kinds):
            self.export(target)

    def _ask_for_video(
        self, suggestion: Path, save: Callable[[Path, Pictures], None], title: str, note: str = ""
    ) -> None:
        kinds = asking.target_filter(self._desk.catalogue.plugins, pictures=True)
        SaveDialog(
            self._window,
            suggestion,
            title=title,
            note=note,
            covers=HEADS in {each.name for each in self._desk.catalogue.tasks},
            browse=lambda name: asking.ask_target(self._window, name, kinds),
            save=save,
        ).open()

    def ask_and_record(self) -> None:
        """Record what is shown of a camera or stream into a video and a table; or end that."""
        info = self._player.info
        if self._player.recording is not None:
            self._player.end_recording()
        elif info is not None and not info.seekable:
            suggestion = recording_name(info.name).absolute()
            note = tr("All values come into a table of the same name, .jsonl.")
            self._ask_for_video(suggestion, self.record, tr("Record"), note)

    def record(self, target: Path, pictures: Pictures = ANNOTATED) -> None:
        """Record from now on, into a video and a table beside it."""
        targets = target, target.with_suffix(".jsonl")
        self._player.begin_recording(Take(targets, pictures.marks, pictures.blur))

    def export(self, target: Path, pictures: Pictures = ANNOTATED) -> None:
        """Run the open source to its end and save the results by the ending of `target`."""
        request, known = self._player.request, self._desk.catalogue
        if request is not None:
            export = Export(
                request,
                target,
                known.plugins,
                known.tasks,
                settings=replace(self._player.settings),
                memo=self._player.memo,
                marks=pictures.marks,
                blur=pictures.blur,
            )
            self._saving.run(export)

    def copy_frame(self) -> None:
        """Copy the frame that is shown, with its marks and in its own size."""
        if self._player.current is not None:
            QApplication.clipboard().setImage(annotated(self._player.current))

    def ask_and_save_frame(self) -> None:
        """Ask where to save the frame that is shown, with its marks and in its own size."""
        result, request = self._player.current, self._player.request
        if result is None or request is None:
            return
        name = f"{Path(request.text).stem}-{result.index + 1}.png"
        target = asking.ask_target(self._window, name, "PNG (*.png);;JPEG (*.jpg);;WebP (*.webp)")
        if target is not None and not annotated(result).save(str(target)):
            reason = tr("{target}: the picture can't be written there")
            self._desk.messages.fail(reason.format(target=target))
