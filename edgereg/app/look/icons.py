"""The window's icons, drawn as paths in the theme's text colour: sharp at any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

_SIDE = 64


def icon(name: str, colour: str, dimmed: str) -> QIcon:
    """One of DRAWINGS in `colour`, and in `dimmed` where its button is disabled."""
    result = QIcon()
    result.addPixmap(_pixmap(name, colour), QIcon.Mode.Normal)
    result.addPixmap(_pixmap(name, dimmed), QIcon.Mode.Disabled)
    return result


def _pixmap(name: str, colour: str) -> QPixmap:
    pixmap = QPixmap(_SIDE, _SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SIDE / 24, _SIDE / 24)
    pen = QPen(QColor(colour), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QColor(colour))
    DRAWINGS[name](painter)
    painter.end()
    return pixmap


def _polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))


def _play(painter: QPainter) -> None:
    _polygon(painter, (7, 5), (19, 12), (7, 19))


def _pause(painter: QPainter) -> None:
    painter.drawRect(QRectF(6.5, 5, 3.5, 14))
    painter.drawRect(QRectF(14, 5, 3.5, 14))


def _forward(painter: QPainter) -> None:
    _polygon(painter, (6, 6), (15, 12), (6, 18))
    painter.drawLine(QPointF(18.5, 6), QPointF(18.5, 18))


def _back(painter: QPainter) -> None:
    _polygon(painter, (18, 6), (9, 12), (18, 18))
    painter.drawLine(QPointF(5.5, 6), QPointF(5.5, 18))


def _backwards(painter: QPainter) -> None:
    _polygon(painter, (17, 5), (5, 12), (17, 19))


def _loop(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(5, 5, 14, 14), 60 * 16, 285 * 16)
    painter.setBrush(painter.pen().color())
    _polygon(painter, (14.5, 2.5), (19.5, 6), (14, 8.5))


def _mark(painter: QPainter) -> None:
    _polygon(painter, (7, 4.5), (18, 8.5), (7, 12.5))
    painter.drawLine(QPointF(7, 4.5), QPointF(7, 20))


def _earlier(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(16.5, 12), 3.5, 3.5)
    painter.drawPolyline(QPolygonF([QPointF(8, 7), QPointF(3.5, 12), QPointF(8, 17)]))


def _later(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(7.5, 12), 3.5, 3.5)
    painter.drawPolyline(QPolygonF([QPointF(16, 7), QPointF(20.5, 12), QPointF(16, 17)]))


def _folder(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _polygon(painter, (3.5, 19), (3.5, 5.5), (9.5, 5.5), (11.5, 8), (20.5, 8), (20.5, 19))


def _camera(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(3, 7, 12.5, 10.5), 2, 2)
    _polygon(painter, (15.5, 11), (21, 8), (21, 16.5), (15.5, 13.5))


def _link(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(12, 12), 8.5, 8.5)
    painter.drawEllipse(QPointF(12, 12), 3.8, 8.5)
    painter.drawLine(QPointF(3.5, 12), QPointF(20.5, 12))


def _fit(painter: QPainter) -> None:
    for x, y, right, down in ((4, 4, 1, 1), (20, 4, -1, 1), (20, 20, -1, -1), (4, 20, 1, -1)):
        painter.drawLine(QPointF(x, y), QPointF(x + 5 * right, y))
        painter.drawLine(QPointF(x, y), QPointF(x, y + 5 * down))


def _close(painter: QPainter) -> None:
    painter.drawLine(QPointF(6, 6), QPointF(18, 18))
    painter.drawLine(QPointF(18, 6), QPointF(6, 18))


def _film(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(3, 5, 18, 14), 2, 2)
    for x in (6.5, 17.5):
        painter.drawLine(QPointF(x, 5), QPointF(x, 19))
    _play_small(painter)


def _play_small(painter: QPainter) -> None:
    _polygon(painter, (10.5, 9.5), (14.5, 12), (10.5, 14.5))


def _table(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(3.5, 5, 17, 14), 1.5, 1.5)
    painter.drawLine(QPointF(3.5, 10), QPointF(20.5, 10))
    painter.drawLine(QPointF(3.5, 14.5), QPointF(20.5, 14.5))
    painter.drawLine(QPointF(10, 5), QPointF(10, 19))


def _information(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(12, 7), 1.3, 1.3)
    painter.drawLine(QPointF(12, 11.5), QPointF(12, 17.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(12, 12), 9.5, 9.5)


def _warning(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(12, 17.5), 0.9, 0.9)
    painter.drawLine(QPointF(12, 9.5), QPointF(12, 14))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _polygon(painter, (12, 3), (22, 20.5), (2, 20.5))


def _error(painter: QPainter) -> None:
    painter.drawLine(QPointF(8.5, 8.5), QPointF(15.5, 15.5))
    painter.drawLine(QPointF(15.5, 8.5), QPointF(8.5, 15.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(12, 12), 9.5, 9.5)


def _app(painter: QPainter) -> None:
    """The program's own sign: a density with an ascent."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bell = QPainterPath(QPointF(2.5, 19))
    bell.cubicTo(QPointF(9, 19), QPointF(8, 6), QPointF(12, 6))
    bell.cubicTo(QPointF(16, 6), QPointF(15, 19), QPointF(21.5, 19))
    painter.drawPath(bell)
    painter.setBrush(painter.pen().color())
    for x, y, radius in ((12, 6, 1.6), (8.6, 10.6, 1.1), (7.0, 15.2, 0.8)):
        painter.drawEllipse(QPointF(x, y), radius, radius)


def _record(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(12, 12), 6.5, 6.5)


DRAWINGS: Mapping[str, Callable[[QPainter], None]] = {
    "app": _app,
    "back": _back,
    "backwards": _backwards,
    "camera": _camera,
    "close": _close,
    "earlier": _earlier,
    "error": _error,
    "film": _film,
    "fit": _fit,
    "folder": _folder,
    "forward": _forward,
    "information": _information,
    "later": _later,
    "link": _link,
    "loop": _loop,
    "mark": _mark,
    "pause": _pause,
    "play": _play,
    "record": _record,
    "table": _table,
    "warning": _warning,
}
