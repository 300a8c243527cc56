"""The Qt painter: the same marks as `edgereg.paint.opencv`, at the resolution of the screen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
    QPolygonF,
)

from edgereg.core.marks import Mark
from edgereg.paint.compose import compose
from edgereg.paint.placing import spread
from edgereg.paint.primitives import (
    Area,
    Dot,
    Label,
    Line,
    Picture,
    Plate,
    Points,
    plate_of,
)
from edgereg.paint.style import INK, PLATE, PLATE_ALPHA, TEXT_PADDING, TEXT_SIZE, Rgb

# Fonts of a fraction of a pixel don't exist: text is laid out at this size and scaled.
_LAYOUT_SIZE = 40


def paint(
    painter: QPainter, marks: Iterable[Mark], frame_size: tuple[int, int], unit: float
) -> None:
    """Draw marks with a painter whose coordinates are frame pixels; stray marks are left out.

    frame_size: (width, height); unit: frame pixels per unit of `paint.style`. A window passes
    1 / zoom, so that lines and text keep their size on the screen.
    """
    painter.save()
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing
        | QPainter.RenderHint.TextAntialiasing
        | QPainter.RenderHint.SmoothPixmapTransform
    )
    primitives = compose(marks, frame_size, unit)
    labels = [each for each in primitives if isinstance(each, Label)]
    for primitive in primitives:
        if not isinstance(primitive, Label):
            _draw(painter, primitive)
    # Above everything else, and beside each other.
    painter.setFont(_font(painter))
    plates = spread((_plate(painter, label, frame_size) for label in labels), frame_size, 2 * unit)
    for label, plate in zip(labels, plates, strict=True):
        _label(painter, label, plate)
    painter.restore()


def colour(rgb: Rgb, alpha: float = 1.0) -> QColor:
    """A Qt colour from the shared style."""
    return QColor(*rgb, round(255 * alpha))


def _draw(painter: QPainter, primitive: Line | Dot | Area | Picture) -> None:
    if isinstance(primitive, Line):
        _line(painter, primitive)
    elif isinstance(primitive, Dot):
        _dot(painter, primitive)
    elif isinstance(primitive, Area):
        _area(painter, primitive)
    else:
        _picture(painter, primitive)


def _line(painter: QPainter, line: Line) -> None:
    pen = QPen(
        QBrush(colour(line.rgb, line.alpha)),
        line.width,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )
    if line.dash is not None:
        # Qt counts dashes in widths of the pen, and gives those of thin ones no round ends.
        on, off = line.dash
        pen.setDashPattern([on / line.width + 1, max(off / line.width - 1, 0.1)])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawPolyline(_polygon(line.points))


def _dot(painter: QPainter, dot: Dot) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(dot.rgb, dot.alpha))
    painter.drawEllipse(QPointF(*dot.centre.tolist()), dot.radius, dot.radius)


def _area(painter: QPainter, area: Area) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(area.rgb, area.alpha))
    painter.drawPolygon(_polygon(area.points))


def _font(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(_LAYOUT_SIZE)
    font.setWeight(QFont.Weight.Medium)
    return font


def _plate(painter: QPainter, label: Label, frame_size: tuple[int, int]) -> Plate:
    wide = QFontMetricsF(painter.font()).horizontalAdvance(label.text)
    padding = label.size * TEXT_PADDING / TEXT_SIZE
    return plate_of(label, wide * label.size / _LAYOUT_SIZE, padding, frame_size)


def _label(painter: QPainter, label: Label, plate: Plate) -> None:
    painter.fillRect(
        QRectF(plate.x, plate.y, plate.width, plate.height), colour(PLATE, PLATE_ALPHA)
    )
    painter.fillRect(QRectF(plate.x, plate.y, plate.stripe, plate.height), colour(label.rgb))
    painter.save()
    painter.translate(plate.text_x, plate.baseline)
    painter.scale(label.size / _LAYOUT_SIZE, label.size / _LAYOUT_SIZE)
    painter.setPen(colour(INK))
    painter.drawText(QPointF(0, 0), label.text)
    painter.restore()


def _picture(painter: QPainter, picture: Picture) -> None:
    rgba = np.ascontiguousarray(picture.rgba)
    height, width = rgba.shape[:2]
    image = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    x1, y1, x2, y2 = picture.box.tolist()
    painter.drawImage(QRectF(x1, y1, x2 - x1, y2 - y1), image)


def _polygon(points: Points) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
