"""Who gets a key: what has the focus, where it has a use for it, else the window's commands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)

_Key = Qt.Key
_MOVES = {_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down, _Key.Key_Home, _Key.Key_End}
_DIGITS = set(range(_Key.Key_0, _Key.Key_9 + 1))
_EDITS = {_Key.Key_Backspace, _Key.Key_Delete, _Key.Key_Minus, _Key.Key_Period, _Key.Key_Comma}
# A plain key is kept from the window's commands by the kinds of widgets that use it themselves.
_KEPT: tuple[tuple[type[QWidget], frozenset[int]], ...] = (
    (QAbstractButton, frozenset({_Key.Key_Space})),
    (QComboBox, frozenset({_Key.Key_Space, *_MOVES})),
    (QAbstractItemView, frozenset({_Key.Key_Space, *_MOVES})),
    (QAbstractSlider, frozenset(_MOVES)),
    (QAbstractSpinBox, frozenset({*_MOVES, *_DIGITS, *_EDITS})),
)
_PLAIN = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier


class KeyOwner(QObject):
    """Sees the keys of one window's widgets before its commands do.

    Enter and Escape in a field give the focus back, so that keys are the player's again.
    """

    def __init__(self, window: QWidget, rest: QWidget) -> None:
        """rest: who has the focus where no field needs it."""
        super().__init__(window)
        self._window, self._rest = window, rest
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take part in the question whose key it is, and let fields go."""
        if isinstance(watched, QWidget) and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride:
                return self._claim(watched, event)
            if event.type() is QEvent.Type.KeyPress:
                return self._let_go(watched, event)
        return False

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        # Only who has the focus is watched: each event of a filter costs a call of Python.
        if before is not None:
            before.removeEventFilter(self)
        if now is not None and now.window() is self._window:
            now.installEventFilter(self)
        if now is None and QApplication.activeWindow() is self._window:
            self._rest.setFocus()

    def _claim(self, widget: QWidget, event: QKeyEvent) -> bool:
        if isinstance(widget, QAbstractSpinBox | QLineEdit) and event.key() == _Key.Key_Escape:
            event.accept()
            return True
        kept = next((keys for kind, keys in _KEPT if isinstance(widget, kind)), None)
        if kept is None or event.modifiers() not in _PLAIN:
            return False
        event.setAccepted(event.key() in kept)
        return True

    def _let_go(self, widget: QWidget, event: QKeyEvent) -> bool:
        if isinstance(widget, QAbstractSpinBox | QLineEdit) and event.key() == _Key.Key_Escape:
            self._rest.setFocus()
            return True
        if isinstance(widget, QAbstractSpinBox) and event.key() in (
            _Key.Key_Return,
            _Key.Key_Enter,
        ):
            widget.interpretText()
            self._rest.setFocus()
            return True
        return False
