"""The window's look in one place: colours for dark and light, the style sheet, fonts."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for, as #rrggbb."""

    name: str
    window: str
    panel: str
    field: str
    line: str
    text: str
    dim: str
    accent: str
    on_accent: str
    warning: str
    error: str
    video: str

    def of_kind(self, kind: str) -> str:
        """The colour of a message's kind: 'information', 'warning' or 'error'."""
        return {"warning": self.warning, "error": self.error}.get(kind, self.accent)


DARK = Theme(
    name="dark",
    window="#14171c",
    panel="#1b1f26",
    field="#252a33",
    line="#313844",
    text="#e8ebf0",
    dim="#98a2b0",
    accent="#56b4e9",
    on_accent="#0b1015",
    warning="#f0a514",
    error="#ff7a6b",
    video="#0b0d10",
)
LIGHT = Theme(
    name="light",
    window="#eef0f3",
    panel="#ffffff",
    field="#e6e9ee",
    line="#cdd3db",
    text="#1a1e24",
    dim="#5d6776",
    accent="#0072b2",
    on_accent="#ffffff",
    warning="#b86e00",
    error="#c4281c",
    video="#22262c",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

_SHEET = Template(
    """
QMainWindow, QDialog { background: $window; }
QWidget { color: $text; font-size: 13px; }
QMenuBar, QMenuBar::item { background: $window; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; }
QMenuBar::item:selected { background: $field; }
QMenu { background: $panel; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 22px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $dim; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }
QToolTip { background: $field; color: $text; border: 1px solid $line; padding: 4px 6px; }
QFrame#card, QFrame#bar { background: $panel; border: 1px solid $line; border-radius: 8px; }
QFrame#banner { background: $field; border: 1px solid $accent; border-radius: 6px; }
QFrame#banner[kind="warning"] { border-color: $warning; }
QFrame#banner[kind="error"] { border-color: $error; }
QFrame#banner QPushButton { padding: 2px 10px; }
QListWidget#people { background: $panel; border: 1px solid $line; border-radius: 8px;
    font-size: 11px; }
QListWidget#people::item { border: 1px solid transparent; border-radius: 6px; }
QListWidget#people::item:selected { background: $field; border-color: $accent; color: $text; }
QLabel#heading { font-weight: 600; color: $text; }
QLabel#dim, QLabel#reason { color: $dim; }
QLabel#reason { color: $warning; font-size: 12px; }
QLabel#welcome { font-size: 22px; font-weight: 600; }
QPushButton, QToolButton {
    background: $field; border: 1px solid $line; border-radius: 6px; padding: 6px 12px;
}
QToolButton { padding: 6px; }
QPushButton:hover, QToolButton:hover { border-color: $accent; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:disabled, QToolButton:disabled { color: $dim; border-color: $field; }
QPushButton#primary { background: $accent; border-color: $accent; color: $on_accent;
    font-weight: 600; }
QPushButton#plain, QToolButton#plain { background: transparent; border-color: transparent; }
QToolButton:checked { border-color: $accent; background: $line; }
QLineEdit[wrong="true"] { border: 1px solid $warning; }
QToolBar { background: $window; border: 0; spacing: 6px; padding: 2px 8px; }
QToolBar QToolButton { padding: 4px 10px; }
QToolBar QToolButton#qt_toolbar_ext_button { padding: 0; }
QCheckBox { spacing: 8px; }
QProgressBar { background: $field; border: 0; border-radius: 4px; height: 8px; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }
QSlider::groove:horizontal { height: 5px; background: $field; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $line; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: $text; }
QSlider::handle:horizontal:disabled { background: $dim; }
QStatusBar { background: $window; color: $dim; }
QStatusBar QLabel { color: $dim; }
QStatusBar::item { border: 0; }
QDockWidget { font-weight: 600; }
QDockWidget::title { background: $field; padding: 4px 10px; border-radius: 4px; }
QDockWidget > QWidget { background: $panel; }
QMainWindow::separator { background: $window; width: 6px; height: 5px; }
QMainWindow::separator:hover { background: $line; }
QTabBar::tab { background: $window; padding: 4px 10px; border: 1px solid $line; }
QTabBar::tab:selected { background: $field; }
*:focus { outline: none; }
QToolButton:focus, QPushButton:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus,
QComboBox:focus, QListWidget:focus { border: 1px solid $accent; }
QCheckBox:focus { color: $accent; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: 0; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; min-width: 24px; min-height: 24px; }
QScrollBar::handle:hover { background: $dim; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $window; }
"""
)


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole application, where it is not dressed so."""
    sheet = _SHEET.substitute(vars(theme))
    if app.styleSheet() != sheet:
        app.setStyle("Fusion")
        app.setPalette(_palette(theme))
        app.setStyleSheet(sheet)


def preferred(app: QApplication) -> Theme:
    """Light where the system asks for light, dark otherwise."""
    return LIGHT if app.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK


def tabular(widget: QWidget) -> None:
    """Give a widget figures of equal width, so that changing numbers don't jump."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    family = font.family()
    widget.setStyleSheet(f"font-family: '{family}', monospace; font-size: 12px;")


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for target, value in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.field),
        (role.AlternateBase, theme.panel),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.dim),
        (role.Button, theme.field),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.field),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Mid, theme.line),
    ):
        palette.setColor(target, QColor(value))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.dim))
    return palette
