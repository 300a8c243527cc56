"""The Qt painter: the same marks as `edgereg.paint.opencv`, at the resolution of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPen,
    QPolygonF,
    QTransform,
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
    Primitive,
    plate_of,
)
from edgereg.paint.strokes import is_halo
from edgereg.paint.style import (
    HALO_ALPHA,
    INK,
    PLATE,
    PLATE_ALPHA,
    TEXT_PADDING,
    TEXT_SIZE,
    Rgb,
)

# Dashed lines of no more points than a box has are drawn side by side.
_FEW_SIDES = 5
# Fonts of a fraction of a pixel don't exist: text is laid out at this size and scaled.
_LAYOUT_SIZE = 40

_Drawn: TypeAlias = Line | Dot | Area | Picture


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
    labels, rims, veils, solids = _sorted(compose(marks, frame_size, unit))
    for veil in veils:
        _draw(painter, veil)
    if rims:
        _rims(painter, rims)
    for solid in solids:
        _draw(painter, solid)
    # Above everything else, and beside each other.
    painter.setFont(_font(painter))
    metrics = QFontMetricsF(painter.font())
    plates = spread((_plate(metrics, each, frame_size) for each in labels), frame_size, 2 * unit)
    for label, plate in zip(labels, plates, strict=True):
        _label(painter, label, plate)
    painter.restore()


def colour(rgb: Rgb, alpha: float = 1.0) -> QColor:
    """A Qt colour from the shared style."""
    return QColor(*rgb, round(255 * alpha))


def _sorted(
    primitives: Iterable[Primitive],
) -> tuple[list[Label], list[Line], list[_Drawn], list[_Drawn]]:
    """Labels, halos, what else lets something shine through, and what covers."""
    labels: list[Label] = []
    rims: list[Line] = []
    veils: list[_Drawn] = []
    solids: list[_Drawn] = []
    for each in primitives:
        if isinstance(each, Label):
            labels.append(each)
        elif isinstance(each, Picture):
            veils.append(each)
        elif isinstance(each, Line) and is_halo(each):
            rims.append(each)
        else:
            (solids if each.alpha == 1.0 else veils).append(each)
    return labels, rims, veils, solids


def _rims(painter: QPainter, rims: Sequence[Line]) -> None:
    """Halos, below all that covers, laid on as one picture: a line that lets something shine
    through takes Qt eight times as long as one that covers."""
    to_device = painter.deviceTransform()
    margin = max(rim.width for rim in rims)
    points = np.concatenate([rim.points for rim in rims])
    (left, top), (right, bottom) = points.min(axis=0) - margin, points.max(axis=0) + margin
    reach = to_device.mapRect(QRectF(QPointF(left, top), QPointF(right, bottom)))
    device = painter.device()
    place = reach.toAlignedRect() & QRect(0, 0, device.width(), device.height())
    if place.isEmpty():
        return
    layer = QImage(place.size(), QImage.Format.Format_ARGB32_Premultiplied)
    layer.fill(Qt.GlobalColor.transparent)
    inner = QPainter(layer)
    inner.setRenderHint(QPainter.RenderHint.Antialiasing)
    inner.setTransform(to_device * QTransform.fromTranslate(-place.x(), -place.y()))
    for rim in rims:
        _line(inner, replace(rim, alpha=1.0))
    inner.end()
    painter.save()
    painter.resetTransform()
    painter.setOpacity(HALO_ALPHA)
    painter.drawImage(place.topLeft(), layer)
    painter.restore()


def _draw(painter: QPainter, primitive: _Drawn) -> None:
    if isinstance(primitive, Line):
        _line(painter, primitive)
    elif isinstance(primitive, Dot):
        _dot(painter, primitive)
    elif isinstance(primitive, Area):
        _area(painter, primitive)
    else:
        _picture(painter, primitive)


def _line(painter: QPainter, line: Line) -> None:
    painter.setPen(_pen(line.rgb, line.alpha, line.width, line.dash))
    if line.dash is not None and len(line.points) <= _FEW_SIDES:
        # Qt draws separate sides ten times as fast as a dashed path.
        corners = [QPointF(x, y) for x, y in line.points.tolist()]
        painter.drawLines([QLineF(*ends) for ends in pairwise(corners)])
    else:
        painter.drawPolyline(_polygon(line.points))


@lru_cache(maxsize=256)
def _pen(rgb: Rgb, alpha: float, width: float, dash: tuple[float, float] | None) -> QPen:
    pen = QPen(
        QBrush(colour(rgb, alpha)),
        width,
        Qt.PenStyle.SolidLine,
        Qt.PenCapStyle.RoundCap,
        Qt.PenJoinStyle.RoundJoin,
    )
    if dash is not None:
        # Qt counts dashes in widths of the pen, and gives those of thin ones no round ends.
        on, off = dash
        pen.setDashPattern([on / width + 1, max(off / width - 1, 0.1)])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _dot(painter: QPainter, dot: Dot) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_brush(dot.rgb, dot.alpha))
    painter.drawEllipse(QPointF(*dot.centre.tolist()), dot.radius, dot.radius)


@lru_cache(maxsize=256)
def _brush(rgb: Rgb, alpha: float) -> QBrush:
    return QBrush(colour(rgb, alpha))


def _area(painter: QPainter, area: Area) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_brush(area.rgb, area.alpha))
    painter.drawPolygon(_polygon(area.points))


def _font(painter: QPainter) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(_LAYOUT_SIZE)
    font.setWeight(QFont.Weight.Medium)
    return font


def _plate(metrics: QFontMetricsF, label: Label, frame_size: tuple[int, int]) -> Plate:
    wide = metrics.horizontalAdvance(label.text)
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
