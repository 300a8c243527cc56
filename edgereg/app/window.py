"""The main window: the picture, the bars below it, menus, and what the user opens and saves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from edgereg.app import dialogs as asking
from edgereg.app import recent
from edgereg.app.about import about_box
from edgereg.app.commands import FRAME, LANGUAGE, PANELS, RECENT, SEEKING, TOOLBAR, menus_of
from edgereg.app.desk import Desk
from edgereg.app.docks import add_docks
from edgereg.app.drawing import Drawing
from edgereg.app.keys_page import keys_page
from edgereg.app.lasting import Lasting
from edgereg.app.leaving import Leaving
from edgereg.app.look import icons, layout, theme
from edgereg.app.look.keys import KeyOwner
from edgereg.app.look.language import LANGUAGES, install, tr
from edgereg.app.menus import build_menus
from edgereg.app.panels.banner import Banner
from edgereg.app.panels.saving import SavingPanel
from edgereg.app.panels.status import Status
from edgereg.app.panels.transport_bar import TransportBar
from edgereg.app.panels.video_view import VideoView
from edgereg.app.panels.welcome import Welcome
from edgereg.app.player.catalogue import Catalogue, Loader, load_catalogue
from edgereg.app.player.request import Request
from edgereg.app.player.state import State
from edgereg.app.saves import Saves
from edgereg.assembly import Choice
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult
from edgereg.core.shown import shown
from edgereg.models.folder import SPEC_FILE


class MainWindow(QMainWindow):
    """The desktop window.

    loader: what loads the tasks (in a thread). settings: where layout, habits and recent sources
    are kept. choice: how models are loaded and run; what it says goes before habits. said: names of
    what it says, None: of all that is not as usual.
    """

    def __init__(
        self,
        loader: Loader = load_catalogue,
        settings: QSettings | None = None,
        choice: Choice | None = None,
        said: frozenset[str] | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle("edgereg")
        self.setAcceptDrops(True)
        self._settings = settings or QSettings("edgereg", "edgereg")
        self._lasting = Lasting(self._settings, choice or Choice(), said)
        install(QApplication.instance(), self._lasting.habits.language)
        self.desk = Desk(loader, choice, self)
        self.player, self.playback = self.desk.player, self.desk.playback
        self._leaves = False
        self._before_full_screen: QByteArray | None = None
        self.video, self.welcome, self.banner = VideoView(), Welcome(), Banner()
        self.transport, self.saving = TransportBar(self.playback), SavingPanel(self.desk.filler)
        self.saves = Saves(self, self.desk, self.saving)
        self.leaving = Leaving(self, self.desk, self.saving)
        self.drawing = Drawing(self.video, self.desk)
        self.status = Status()
        inner = {RECENT: tr("Open &recent"), PANELS: tr("&Panels"), LANGUAGE: tr("&Language")}
        self.menus = build_menus(self, menus_of(self), inner)
        self._arrange()
        self._connect()
        self._lasting.take_up(self)
        self._on_state(State.EMPTY)
        self.desk.load(self._lasting.choice)

    @property
    def catalogue(self) -> Catalogue:
        """The tasks, none before they are loaded."""
        return self.desk.catalogue

    def open(self, source: str) -> None:
        """Play a file, camera or URL, after a question where something would be lost."""
        given = self.desk.choice
        request = Request(source, given.source, given.limit)
        self.leaving.open_another(request, partial(self._open, request))

    def close_source(self) -> None:
        """Close the source, after a question where something is under way."""
        self.leaving.close_source(self.player.close)

    def _open(self, request: Request) -> None:
        self.banner.dismiss()
        self.player.open(request)

    def open_demo(self) -> None:
        """Play the bundled clip."""
        from edgereg.demo.clip import CLIP

        self.open(str(CLIP))

    def ask_and_open(self, question: str) -> None:
        """Ask for a 'file', 'camera' or 'url', and open it."""
        kinds, folder = asking.file_filter(self.catalogue.plugins), self._lasting.habits.folder
        ask: dict[str, Callable[[], str]] = {
            "file": lambda: asking.ask_file(self, kinds, folder),
            "camera": lambda: asking.ask_camera(self),
            "url": lambda: asking.ask_url(self),
        }
        if source := ask[question]():
            self.open(source)

    def look_for(self, direction: int) -> None:
        """Go to the next appearance of what is looked at (1), or to the one before (-1)."""
        looking = self.desk.looking
        if direction > 0:
            self.playback.look_ahead(looking.appearance())
        elif (index := looking.appearance_before(self.player.index)) is not None:
            self.playback.seek(index)

    def compare_unrefined(self, on: bool) -> None:
        """Each frame twice, before and after refinement; or once again."""
        (self.desk.comparing.compare_unrefined if on else self.desk.comparing.stop)()

    def compare_models(self, on: bool) -> None:
        """Each frame twice, with another model of the task looked at beside its own; or once."""
        if not on:
            self.desk.comparing.stop()
        elif folder := asking.ask_model(self):
            self.desk.compare_with(folder)
        self._on_compared()

    def _on_compared(self) -> None:
        comparing = self.desk.comparing
        for key, on in (
            ("unrefined", comparing.unrefined),
            ("models", comparing.rival is not None),
        ):
            self.menus.check(key, on)
        self.video.split(comparing.sides if comparing.on else None)

    def set_theme(self, name: str) -> None:
        """Dress the window, from now on: 'dark' or 'light'."""
        self._lasting.change(theme=name)
        self.dress(name)

    def dress(self, name: str) -> None:
        """Dress the window: 'dark' or 'light'."""
        chosen = theme.THEMES[name]
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, chosen)
        self.desk.themed.emit(chosen)
        for key, drawing in TOOLBAR.items():
            self.menus.actions[key].setIcon(icons.icon(drawing, chosen.text, chosen.dim))
        self.setWindowIcon(icons.icon("app", chosen.accent, chosen.dim))

    def speak(self, code: str | None) -> None:
        """Speak a language from the next start on; None: the system's."""
        self._lasting.change(language=code)
        self.desk.messages.inform(tr("The language changes with the next start."))

    def toggle_full_screen(self, on: bool) -> None:
        """Only the picture and the play bar, on the whole screen; or back."""
        if on:
            self._before_full_screen = self.saveState()
            self._docks.show_all(False)
        for widget in (self.menuBar(), self._toolbar, self.status):
            widget.setVisible(not on)
        state = self.windowState() & ~Qt.WindowState.WindowFullScreen
        self.setWindowState(state | Qt.WindowState.WindowFullScreen if on else state)
        if not on and self._before_full_screen is not None:
            self.restoreState(self._before_full_screen)
            self._before_full_screen = None

    def escape(self) -> None:
        """Draw no box, else leave full screen."""
        if self.video.draws_box:
            self.video.ask_for_box(False)
        else:
            self.menus.actions["full_screen"].setChecked(False)

    def reset_layout(self) -> None:
        """All panels back where they were at the first start."""
        self._docks.arrange(self)

    def show_panel(self, key: str) -> None:
        """Show one of the panels."""
        self._docks.show(key)

    def about(self) -> None:
        """Say what this is."""
        about_box(self).open()

    def show_keys(self) -> None:
        """Show all keys."""
        keys_page(self, self.menus.keys).open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files and addresses."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the first of what was dropped: a source, or a model folder as a task."""
        urls = event.mimeData().urls()
        if urls:
            event.acceptProposedAction()
            place = urls[0].toLocalFile()
            if place and (Path(place) / SPEC_FILE).is_file():
                self.desk.open_model(Path(place))
            else:
                self.open(place or urls[0].toString())

    def leave(self) -> None:
        """Close without a question."""
        self._leaves = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop everything, after a question where work would be lost; nothing is waited for."""
        if not self._leaves and self.leaving.close_window(self.leave):
            event.ignore()
            return
        self._lasting.keep(self, self._before_full_screen or self.saveState())
        self.saving.stop_all()
        self.desk.close()
        event.accept()

    def _on_catalogued(self, catalogue: Catalogue) -> None:
        self.status.set_providers(catalogue.providers)
        self._lasting.take_up_tasks(self, catalogue)
        # Not before: the source that a window begins with takes messages away.
        for problem in self._lasting.take_problems():
            self.desk.messages.warn(problem)

    def _on_state(self, state: State) -> None:
        self.transport.set_state(state)
        is_open = state in (State.PLAYING, State.PAUSED, State.ENDED)
        if state is State.OPENING and self.player.request is not None:
            self.welcome.show_waiting(Path(shown(self.player.request.text)).name)
        else:
            self.welcome.show_invitation()
        if not is_open:
            self.setWindowTitle("edgereg")
            self._stack.setCurrentWidget(self.welcome)
            self.transport.set_source(None)
            self.video.clear()
            self.status.clear()
        info = self.player.info
        self.menus.enable(("save_video", "save_table"), bool(is_open and info and info.seekable))
        self.menus.enable(("record",), bool(is_open and info and not info.seekable))
        self.menus.enable(("play", "hold", "onwards", "close", *FRAME), is_open)
        self.menus.enable(SEEKING, is_open and self.player.seekable)

    def _on_opened(self, info: SourceInfo) -> None:
        self.setWindowTitle(f"{info.name} – edgereg")
        self.transport.set_source(info, self.player.duration_s)
        self._on_state(self.player.state)
        if info.stills and len(info.files) > 1:
            self.show_panel("strip")
        if self.player.request is not None:
            text = self.player.request.text
            recent.remember(self._settings, text)
            if (folder := Path(text).absolute().parent).is_dir() and Path(text).exists():
                self._lasting.change(folder=str(folder))
        self._list_recent()

    def _on_failed(self, _reason: str) -> None:
        if self.player.request is not None and self.player.current is None:
            recent.drop(self._settings, self.player.request.text)
            self._list_recent()

    def _on_measured(self, info: SourceInfo) -> None:
        self.transport.set_length(info, self.player.duration_s)

    def _on_shown(self, result: FrameResult) -> None:
        self._stack.setCurrentWidget(self.video)
        self.video.show_result(result, self.desk.looking.region(result))
        self.transport.show_position(result, self.player.index)

    def _on_looked(self) -> None:
        if self.player.current is not None:
            self._on_shown(self.player.current)

    def _on_recording(self) -> None:
        recording = self.player.recording
        words = tr("&Record…") if recording is None else tr("Stop &recording")
        self.menus.actions["record"].setText(words)
        if recording is not None:
            self.saving.show_recording(recording)

    def _list_recent(self) -> None:
        recent.list_recent(self.menus.inner[RECENT], self._settings, self.open)

    def _offer_languages(self) -> None:
        group = QActionGroup(self)
        for code, name in ((None, tr("As the system")), *LANGUAGES.items()):
            action = self.menus.inner[LANGUAGE].addAction(name)
            action.setCheckable(True)
            action.setChecked(code == self._lasting.habits.language)
            action.triggered.connect(lambda _=False, code=code: self.speak(code))
            group.addAction(action)

    def _connect(self) -> None:
        desk, player, looking = self.desk, self.player, self.desk.looking
        player.prepare = self.video.prepare
        player.state_changed.connect(self._on_state)
        player.opened.connect(self._on_opened)
        player.measured.connect(self._on_measured)
        player.shown.connect(self._on_shown)
        player.recording_changed.connect(self._on_recording)
        self.saving.stopped.connect(player.end_recording)
        player.previewed.connect(self.video.show_preview)
        player.polled.connect(self.status.show_report)
        player.failed.connect(self._on_failed)
        self.saving.said.connect(desk.messages.inform)
        self.saving.failed.connect(desk.messages.fail)
        desk.messages.said.connect(self.banner.show_message)
        self.banner.asked.connect(lambda: self.show_panel("messages"))
        player.renewed.connect(self.playback.forget)
        desk.catalogued.connect(self._on_catalogued)
        looking.changed.connect(self._on_looked)
        desk.comparing.changed.connect(self._on_compared)
        looking.counted.connect(self.transport.presence.show_lanes)
        for widget in (self.video, self.welcome, self.banner, self.transport, self.saving):
            desk.themed.connect(widget.set_theme)
        self.transport.looked.connect(self.look_for)
        self.video.picked.connect(looking.pick)
        self.welcome.open_file.connect(lambda: self.ask_and_open("file"))
        self.welcome.open_camera.connect(lambda: self.ask_and_open("camera"))
        self.welcome.open_demo.connect(self.open_demo)
        self._list_recent()

    def _arrange(self) -> None:
        layout.fit_to_screen(self)
        self._stack = layout.stack(self.welcome, self.video)
        below = (self.banner, self._stack, self.transport, self.saving)
        self.setCentralWidget(layout.column(below, wide=self._stack))
        self._docks = add_docks(self, self.desk)
        self.panels = self._docks.panels
        tools = (self.menus.actions[key] for key in TOOLBAR)
        self._toolbar = layout.add_toolbar(self, tools, tr("Tools"))
        self.setStatusBar(self.status)
        for dock in self._docks.docks.values():
            self.menus.inner[PANELS].addAction(dock.toggleViewAction())
        self.menus.inner[PANELS].addAction(self._toolbar.toggleViewAction())
        self._offer_languages()
        self.video.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._keys = KeyOwner(self, self.video)
        self.video.setFocus()
