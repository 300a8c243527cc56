"""Play, step, seek: the bar below the picture."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from edgereg.app.look import icons
from edgereg.app.look.theme import Theme, tabular
from edgereg.app.panels.timeline import Timeline
from edgereg.app.player.player import State
from edgereg.app.timecode import timecode
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult


class TransportBar(QFrame):
    """`toggled`, `stepped(frames)`, `sought(frame)`: what the user wants. `scrubbed(bool)`: the
    slider was taken, or let go."""

    toggled = Signal()
    stepped = Signal(int)
    sought = Signal(int)
    scrubbed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._theme: Theme | None = None
        self._info: SourceInfo | None = None
        self._duration_s = 0.0
        self._state = State.EMPTY
        self.back = _button("One frame back (Left)")
        self.play = _button("Play or pause (Space)")
        self.forward = _button("One frame on (Right)")
        self.slider = Timeline()
        self.position = QLabel("–")
        tabular(self.position)
        self._arrange()
        self.back.clicked.connect(lambda: self.stepped.emit(-1))
        self.play.clicked.connect(self.toggled)
        self.forward.clicked.connect(lambda: self.stepped.emit(1))
        self.slider.sought.connect(self.sought)
        self.slider.sliderPressed.connect(lambda: self.scrubbed.emit(True))
        self.slider.sliderReleased.connect(lambda: self.scrubbed.emit(False))
        self.set_source(None)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        self.back.setIcon(icons.icon("back", theme.text, theme.dim))
        self.forward.setIcon(icons.icon("forward", theme.text, theme.dim))
        self.set_state(self._state)

    def set_state(self, state: State) -> None:
        """Show whether a press plays or pauses."""
        self._state = state
        name = "pause" if state is State.PLAYING else "play"
        if self._theme is not None:
            self.play.setIcon(icons.icon(name, self._theme.text, self._theme.dim))
        self.play.setEnabled(state not in (State.EMPTY, State.OPENING))

    def set_source(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Fit the slider to a source; None: there is none. duration_s: as far as it is known."""
        self.set_length(info, duration_s)
        self.slider.setValue(0)
        self.back.setEnabled(bool(info and info.seekable))
        self.forward.setEnabled(bool(info and info.seekable))
        self.position.setText("–")

    def set_length(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Fit the slider to what is known of the source by now, and leave it where it stands."""
        self._info, self._duration_s = info, duration_s
        scrubs = bool(info and info.seekable and info.frame_count)
        self.slider.setEnabled(scrubs)
        self.slider.setRange(0, max((info.frame_count or 1) - 1, 0) if info else 0)

    def show_position(self, result: FrameResult, wanted: int) -> None:
        """Tell the place of what is shown; the slider stands at the frame that is wanted."""
        if not self.slider.isSliderDown():
            self.slider.setValue(wanted)
        info = self._info
        if info is None:
            return
        now = timecode(result.time_s)
        if info.frame_count and info.seekable:
            total = timecode(self._duration_s)
            self.position.setText(f"{now} / {total}   {result.index + 1:>5}/{info.frame_count}")
        else:
            self.position.setText(f"{'live ' if info.live else ''}{now}   {result.index + 1:>6}")

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 14, 8)
        row.setSpacing(8)
        for widget in (self.back, self.play, self.forward):
            row.addWidget(widget)
        row.addSpacing(4)
        row.addWidget(self.slider, 1)
        row.addSpacing(4)
        row.addWidget(self.position)


def _button(tip: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setIconSize(QSize(20, 20))
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
