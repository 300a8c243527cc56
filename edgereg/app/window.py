"""The main window: puts the widgets together and lets them speak with the player."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from edgereg.app import dialogs as asking
from edgereg.app import recent
from edgereg.app.about import about_box
from edgereg.app.commands import SEEKING, TOOLBAR, menus_of
from edgereg.app.look import icons, theme
from edgereg.app.look.layout import add_dock, add_toolbar, column, stack
from edgereg.app.menus import build_menus
from edgereg.app.panels.banner import Banner
from edgereg.app.panels.inspector import Inspector
from edgereg.app.panels.people_panel import Entry, PeoplePanel
from edgereg.app.panels.presence import Lane
from edgereg.app.panels.refinement_panel import RefinementPanel
from edgereg.app.panels.save_dialog import ANNOTATED, Pictures, SaveDialog
from edgereg.app.panels.saving import SavingPanel
from edgereg.app.panels.status import Status
from edgereg.app.panels.task_panel import TaskPanel
from edgereg.app.panels.transport_bar import TransportBar
from edgereg.app.panels.video_view import VideoView
from edgereg.app.panels.welcome import Welcome
from edgereg.app.player.background import Job
from edgereg.app.player.catalogue import Catalogue, Loader, load_catalogue
from edgereg.app.player.exports import Export
from edgereg.app.player.focus import Followed
from edgereg.app.player.playback import Playback
from edgereg.app.player.player import Player, State
from edgereg.app.player.pointing import Pointing
from edgereg.app.player.request import Request
from edgereg.blurring import HEADS
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.core.shown import shown
from edgereg.pipeline.stats import Report

# How often the list of people is brought up to date, in seconds.
_PEOPLE_S = 0.5


class MainWindow(QMainWindow):
    """The desktop window.

    loader: what loads the tasks (in a thread). settings: where recent sources are kept.
    """

    def __init__(self, loader: Loader = load_catalogue, settings: QSettings | None = None) -> None:
        super().__init__()
        self.setWindowTitle("edgereg")
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self._settings = settings or QSettings("edgereg", "edgereg")
        self.catalogue = Catalogue()
        self.player = Player(self)
        self.playback, self.pointing = Playback(self.player), Pointing(self.player)
        self._corrects = False
        self.video, self.welcome, self.banner = VideoView(), Welcome(), Banner()
        self.transport, self.saving = TransportBar(self.playback), SavingPanel()
        self._leaves = False
        self.tasks, self.refinement, self.inspector = (
            TaskPanel(),
            RefinementPanel(),
            Inspector(self.player.people, self.player.record),
        )
        self.people, self._people_due = PeoplePanel(), 0.0
        self.status = Status()
        self.menus = build_menus(self, menus_of(self), recent_in="&File")
        self._arrange()
        self._connect()
        self.set_theme(theme.DARK.name)
        self._on_state(State.EMPTY)
        self._loading = Job(loader, parent=self)
        self._loading.done.connect(self._take_catalogue)
        self._loading.failed.connect(self.banner.say)
        self._loading.start()

    def open(self, source: str) -> None:
        """Open a file, camera or URL and play it."""
        self.banner.dismiss()
        recent.remember(self._settings, source)
        self._list_recent()
        self.player.open(Request(source))

    def open_demo(self) -> None:
        """Play the bundled clip."""
        from edgereg.demo.clip import CLIP

        self.open(str(CLIP))

    def ask_and_open(self, question: str) -> None:
        """Ask for a 'file', 'camera' or 'url', and open it."""
        ask: dict[str, Callable[[], str]] = {
            "file": lambda: asking.ask_file(self, asking.file_filter(self.catalogue.plugins)),
            "camera": lambda: asking.ask_camera(self),
            "url": lambda: asking.ask_url(self),
        }
        if source := ask[question]():
            self.open(source)

    def ask_and_export(self, *, pictures: bool) -> None:
        """Ask where to save, and export: pictures with marks, or a table."""
        request = self.player.request
        if request is None:
            return
        stem = Path(request.text).stem if not request.text.isdecimal() else "camera"
        kinds = asking.target_filter(self.catalogue.plugins, pictures=pictures)
        if pictures:
            SaveDialog(
                self,
                Path(f"{stem}-edgereg.mp4").absolute(),
                covers=HEADS in {each.name for each in self.catalogue.tasks},
                browse=lambda name: asking.ask_target(self, name, kinds),
                save=self.export,
            ).open()
        elif target := asking.ask_target(self, f"{stem}-edgereg.jsonl", kinds):
            self.export(target)

    def export(self, target: Path, pictures: Pictures = ANNOTATED) -> None:
        """Run the open source to its end and save the results by the ending of `target`."""
        request, known = self.player.request, self.catalogue
        if request is not None:
            settings = replace(self.player.settings)
            shows = pictures.marks, pictures.blur
            self.saving.run(
                Export(request.text, target, known.plugins, known.tasks, settings, *shows)
            )

    def look_for(self, direction: int) -> None:
        """Go to the next appearance of what is looked at (1), or to the one before (-1)."""
        if direction > 0:
            self.playback.look_ahead(self.inspector.appearance())
        elif (index := self.inspector.appearance_before(self.player.index)) is not None:
            self.playback.seek(index)

    def ask_for_box(self, *, corrects: bool) -> None:
        """Let the user draw a box round an object to follow, or round the one that is followed."""
        followed, task = self.inspector.focus.followed, self.pointing.task
        if self.video.draws_box:
            self.video.ask_for_box(False)
        elif task is None:
            self.banner.say(self.tr("no task that follows what you point at is loaded"))
        elif corrects and (followed is None or followed.detector != task):
            self.banner.say(self.tr("first click an object that you have drawn a box round"))
        else:
            self._corrects = corrects
            self.playback.pause()
            self.video.ask_for_box()

    def take_back(self) -> None:
        """Follow the object looked at no further."""
        followed = self.inspector.focus.followed
        if followed is not None and self.pointing.take_back(followed):
            self.inspector.forget()
            self._show_people()

    def _on_boxed(self, *box: float) -> None:
        x1, y1, x2, y2 = box
        followed = self.inspector.focus.followed
        if self._corrects and followed is not None:
            pointed = self.pointing.correct(followed, (x1, y1, x2, y2))
        else:
            pointed = self.pointing.add((x1, y1, x2, y2))
        if pointed is not None:
            self.tasks.box(pointed.detector).setChecked(True)
            self._on_followed(pointed)

    def set_theme(self, name: str) -> None:
        """Dress the window: 'dark' or 'light'."""
        chosen = theme.THEMES[name]
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, chosen)
        for widget in (self.video, self.welcome, self.banner, self.transport, self.saving):
            widget.set_theme(chosen)
        for panel in (self.refinement, self.inspector):
            panel.set_theme(chosen)
        for key, drawing in TOOLBAR.items():
            self.menus.actions[key].setIcon(icons.icon(drawing, chosen.text, chosen.dim))
        self.setWindowIcon(icons.icon("app", chosen.accent, chosen.dim))

    def toggle_full_screen(self, on: bool) -> None:
        """Only the picture, on the whole screen; or back."""
        for widget in (self.menuBar(), self._toolbar, self._dock, self.status):
            widget.setVisible(not on)
        (self.showFullScreen if on else self.showNormal)()

    def about(self) -> None:
        """Say what this is."""
        about_box(self).open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and addresses."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the first of what was dropped."""
        urls = event.mimeData().urls()
        if urls:
            event.acceptProposedAction()
            self.open(urls[0].toLocalFile() or urls[0].toString())

    def leave(self) -> None:
        """Close without a question."""
        self._leaves = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop everything, after a question where work would be lost; nothing is waited for."""
        if not self._leaves and (at_stake := self.saving.at_stake()):
            event.ignore()
            question = self.tr("Close, though not everything is saved?")
            asking.confirm(self, question, "\n".join(at_stake), self.tr("Close"), self.leave)
            return
        self._loading.abandon()
        self.saving.stop_all()
        self.player.close()
        self.inspector.close_worker()
        event.accept()

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.tasks.set_catalogue(catalogue)
        self.inspector.set_catalogue(catalogue)
        self.status.set_providers(catalogue.providers)
        if catalogue.faults:
            self.banner.say(catalogue.faults[0])
        self.player.use(catalogue.tasks, catalogue.plugins)

    def _on_state(self, state: State) -> None:
        self.transport.set_state(state)
        is_open = state in (State.PLAYING, State.PAUSED, State.ENDED)
        if state is State.OPENING and self.player.request is not None:
            self.welcome.show_waiting(Path(shown(self.player.request.text)).name)
        else:
            self.welcome.show_invitation()
        if not is_open:
            self._stack.setCurrentWidget(self.welcome)
            self.transport.set_source(None)
            self.inspector.set_source(None)
            self.video.clear()
            self.status.clear()
        info = self.player.info
        self.menus.enable(("save_video", "save_table"), bool(is_open and info and info.seekable))
        self.menus.enable(("play", "close"), is_open)
        self.menus.enable(SEEKING, is_open and self.player.seekable)

    def _on_opened(self, info: SourceInfo) -> None:
        self.setWindowTitle(f"{info.name} – edgereg")
        self.transport.set_source(info, self.player.duration_s)
        self.inspector.set_source(info, self.player.duration_s)
        self._on_state(self.player.state)

    def _on_measured(self, info: SourceInfo) -> None:
        self.transport.set_length(info, self.player.duration_s)
        self.inspector.values.set_length(info, self.player.duration_s)

    def _on_shown(self, result: FrameResult) -> None:
        self._stack.setCurrentWidget(self.video)
        region = self.inspector.show_result(result)
        self.video.show_result(result, region)
        self.transport.show_position(result, self.player.index)

    def _on_report(self, report: Report) -> None:
        self.status.show_report(report)
        self.tasks.show_switched_off(report.switched_off)
        if self._people_due < time.monotonic():
            self._show_people()

    def _show_people(self) -> None:
        """The people seen so far; the one looked at is followed in all panels."""
        self._people_due = time.monotonic() + _PEOPLE_S
        entries, lanes, followed = list[Entry](), list[Lane](), self.inspector.focus.followed
        for one in self.player.people.everybody():
            presence = self.player.record.presence(one.detector, one.number)
            if presence is not None:
                chosen = followed == Followed(one.detector, one.number)
                entries.append(Entry(one, presence.first_s, presence.last_s))
                lanes.append(Lane(one.number, presence.stretches, chosen))
        self.people.show_people(entries, followed)
        self.transport.presence.show_lanes(lanes)

    def _on_followed(self, followed: Followed) -> None:
        self.inspector.follow(followed)
        self._show_people()
        if self.player.current is not None:
            self._on_shown(self.player.current)

    def _on_picked(self, x: float, y: float) -> None:
        self.inspector.pick(x, y)
        self._show_people()
        if self.player.current is not None:
            self._on_shown(self.player.current)

    def _on_refinement(self, on: bool, steps: int | None) -> None:
        self.player.settings.refine, self.player.settings.steps = on, steps
        self.player.refresh()

    def _on_off(self, off: frozenset[str]) -> None:
        self.player.settings.off = off
        self.player.refresh()

    def _list_recent(self) -> None:
        menu = self.menus.recent
        if menu is None:
            return
        menu.clear()
        for source in recent.recent_sources(self._settings):
            menu.addAction(source).triggered.connect(partial(self.open, source))
        menu.setEnabled(not menu.isEmpty())

    def _connect(self) -> None:
        player = self.player
        player.prepare = self.video.record
        player.state_changed.connect(self._on_state)
        player.opened.connect(self._on_opened)
        player.measured.connect(self._on_measured)
        player.shown.connect(self._on_shown)
        player.previewed.connect(self.video.show_preview)
        player.polled.connect(self._on_report)
        for signal in (player.failed, player.warned, self.saving.said):
            signal.connect(self.banner.say)
        player.renewed.connect(self.inspector.forget)
        player.renewed.connect(self.playback.forget)
        player.passed.connect(self.inspector.remember)
        self.people.followed.connect(self._on_followed)
        self.transport.looked.connect(self.look_for)
        self.video.picked.connect(self._on_picked)
        self.video.boxed.connect(self._on_boxed)
        self.refinement.changed.connect(self._on_refinement)
        self.tasks.changed.connect(self._on_off)
        self.tasks.retried.connect(player.reopen)
        self.inspector.values.sought.connect(self.playback.seek_time)
        self.welcome.open_file.connect(lambda: self.ask_and_open("file"))
        self.welcome.open_camera.connect(lambda: self.ask_and_open("camera"))
        self.welcome.open_demo.connect(self.open_demo)
        self._list_recent()

    def _arrange(self) -> None:
        self._stack = stack(self.welcome, self.video)
        left = (self.banner, self._stack, self.people, self.transport, self.saving)
        right = (self.tasks, self.refinement, self.inspector)
        self.setCentralWidget(column(left, wide=self._stack))
        self._dock = add_dock(self, column(right, wide=self.inspector))
        self._toolbar = add_toolbar(self, (self.menus.actions[key] for key in TOOLBAR))
        self.setStatusBar(self.status)
