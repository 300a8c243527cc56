"""The play bar below the picture: the slider, and everything that moves along it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from edgereg.app.look import icons
from edgereg.app.look.language import tr
from edgereg.app.look.readout import Readout
from edgereg.app.look.theme import Theme, tabular
from edgereg.app.panels.presence import Presence
from edgereg.app.panels.timeline import Timeline
from edgereg.app.player.playback import FASTEST, SLOWEST, Playback
from edgereg.app.player.state import State
from edgereg.app.timecode import timecode
from edgereg.core.frames import SourceInfo
from edgereg.core.result import FrameResult

# Of a source whose length nobody knows: room for the time and the frames of a day.
_LONG_S, _MANY = 86_399.0, 9_999_999


class TransportBar(QFrame):
    """Shows a playback's settings and changes them. `looked(direction)`: the user wants the next
    appearance of what is looked at (1), or the one before (-1)."""

    looked = Signal(int)

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._playback = playback
        self._theme: Theme | None = None
        self._info: SourceInfo | None = None
        self._duration_s = 0.0
        self._state = State.EMPTY
        self._play_drawn: tuple[str, Theme] | None = None
        self._drawings: dict[QToolButton, str] = {}
        self.slider = Timeline()
        self.presence = Presence(self.slider)
        self.position = QLabel("–")
        tabular(self.position)
        self._readout = Readout(self.position)
        self.backwards = self._button(
            tr("Play backwards (J; again: faster)"), playback.play_backwards, "backwards"
        )
        self.back = self._button(tr("One frame back (Left)"), partial(playback.step, -1), "back")
        self.play = self._button(tr("Play or pause (Space)"), playback.toggle)
        self.forward = self._button(
            tr("One frame on (Right)"), partial(playback.step, 1), "forward"
        )
        self.loop = self._button(tr("Begin again at the end"), None, "loop")
        self.loop.setCheckable(True)
        self.loop.toggled.connect(playback.set_loop)
        self.start = self._button(tr("Play from this frame on (I)"), playback.set_start)
        self.start.setText("A")
        self.end = self._button(tr("Play up to this frame (O)"), playback.set_end)
        self.end.setText("B")
        self.whole = self._button(
            tr("Play everything again (Shift+I)"), playback.clear_range, "close"
        )
        self.earlier = self._button(
            tr("To the start of the appearance before (Shift+Left)"),
            lambda: self.looked.emit(-1),
            "earlier",
        )
        self.later = self._button(
            tr("To the next appearance (Shift+Right)"), lambda: self.looked.emit(1), "later"
        )
        self.mark = self._button(tr("Set or remove a mark (M)"), playback.mark, "mark")
        self.place = QLineEdit()
        self.speed = QDoubleSpinBox()
        self._set_up_fields()
        self._arrange()
        self.slider.sought.connect(playback.seek)
        self.slider.sliderPressed.connect(lambda: playback.scrub(True))
        self.slider.sliderReleased.connect(lambda: playback.scrub(False))
        playback.changed.connect(self._show_settings)
        playback.turned.connect(lambda _: self.set_state(self._state))
        self.set_source(None)

    def set_theme(self, theme: Theme) -> None:
        """Take another theme's colours."""
        self._theme = theme
        self.slider.set_theme(theme)
        for button, drawing in self._drawings.items():
            button.setIcon(icons.icon(drawing, theme.text, theme.dim))
        self.set_state(self._state)

    def set_state(self, state: State) -> None:
        """Show whether a press plays or pauses."""
        self._state = state
        goes = state is State.PLAYING or self._playback.backwards
        if self._theme is not None:
            name = "pause" if goes else "play"
            self._draw_play(name, self._theme)
        self.play.setEnabled(state not in (State.EMPTY, State.OPENING))

    def _draw_play(self, name: str, theme: Theme) -> None:
        """Draw the play button, unless it is drawn so: a new icon lays the window out anew."""
        if self._play_drawn != (name, theme):
            self._play_drawn = name, theme
            self.play.setIcon(icons.icon(name, theme.text, theme.dim))

    def set_source(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Fit the slider to a source; None: there is none. duration_s: as far as it is known."""
        self.set_length(info, duration_s)
        self.slider.setValue(0)
        self.position.setText("–")
        seekable = bool(info and info.seekable)
        for widget in (*self._drawings, self.start, self.end, self.place, self.speed):
            widget.setEnabled(seekable)

    def set_length(self, info: SourceInfo | None, duration_s: float = 0.0) -> None:
        """Fit the slider to what is known of the source by now, and leave it where it stands."""
        self._info, self._duration_s = info, duration_s
        scrubs = bool(info and info.seekable and info.frame_count)
        self.slider.setEnabled(scrubs)
        self.slider.setRange(0, max((info.frame_count or 1) - 1, 0) if info else 0)
        count = info.frame_count if info is not None else None
        longest = self._place(duration_s, count - 1) if count else self._place(_LONG_S, _MANY)
        self._readout.reserve(longest)

    def show_position(self, result: FrameResult, wanted: int) -> None:
        """Tell the place of what is shown; the slider stands at the frame that is wanted."""
        if not self.slider.isSliderDown():
            self.slider.setValue(wanted)
        self.position.setText(self._place(result.time_s, result.index))

    def _place(self, time_s: float, index: int) -> str:
        """A time and a frame, and of how many, as text."""
        info, now = self._info, timecode(time_s)
        if info is None:
            return "–"
        if info.frame_count and info.seekable:
            total = timecode(self._duration_s)
            return f"{now} / {total}   {index + 1:>5}/{info.frame_count}"
        live = tr("live") + " " if info.live else ""
        return f"{live}{now}   {index + 1:>6}"

    def _show_settings(self) -> None:
        playback = self._playback
        self.loop.setChecked(playback.loop)
        self.speed.blockSignals(True)
        self.speed.setValue(playback.speed)
        self.speed.blockSignals(False)
        self.slider.show_places(playback.start, playback.end, playback.marks)

    def _go(self) -> None:
        try:
            self._playback.go_to(self.place.text())
        except ValueError as error:
            self.place.setToolTip(str(error))
            self.place.selectAll()
            self.place.setProperty("wrong", True)
        else:
            self.place.clear()
            self.place.setProperty("wrong", False)
            self.place.clearFocus()
        self.place.style().polish(self.place)

    def _set_up_fields(self) -> None:
        self.place.setPlaceholderText(tr("frame or m:ss"))
        self.place.setAccessibleName(tr("Go to a frame or a time (Ctrl+G)"))
        self.place.setToolTip(tr("Go to a frame (120) or a time (1:23.5); Ctrl+G"))
        self.place.setFixedWidth(112)
        self.place.returnPressed.connect(self._go)
        self.speed.setRange(SLOWEST, FASTEST)
        self.speed.setSingleStep(0.25)
        self.speed.setDecimals(2)
        self.speed.setSuffix(" ×")
        self.speed.setValue(1.0)
        self.speed.setAccessibleName(tr("Speed"))
        self.speed.setToolTip(
            tr("Speed ([ and ]); above 1, frames that can't be computed in time are left out")
        )
        self.speed.valueChanged.connect(self._playback.set_speed)

    def _arrange(self) -> None:
        top, bottom = QHBoxLayout(), QHBoxLayout()
        track = QVBoxLayout()
        track.setSpacing(2)
        track.addWidget(self.slider)
        track.addWidget(self.presence)
        top.addLayout(track, 1)
        top.addSpacing(8)
        top.addWidget(self._readout)
        groups = (
            (self.backwards, self.back, self.play, self.forward),
            (self.loop, self.start, self.end, self.whole),
            (self.earlier, self.later, self.mark),
        )
        for group in groups:
            for button in group:
                bottom.addWidget(button)
            bottom.addSpacing(10)
        bottom.addStretch(1)
        bottom.addWidget(self.place)
        bottom.addWidget(self.speed)
        for row in (top, bottom):
            row.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 14, 6)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(bottom)

    def _button(
        self, tip: str, call: Callable[[], object] | None, drawing: str | None = None
    ) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if call is not None:
            button.clicked.connect(lambda _checked=False: call())
        if drawing is not None:
            self._drawings[button] = drawing
        return button
