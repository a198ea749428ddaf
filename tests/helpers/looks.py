"""What is checked of a page's looks: names for screen readers, nothing clipped or covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from ui.widgets.labels import Elide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.window import Bench

# What we promise.
SIZES = [(1280, 800), (1440, 900)]
SCALES = [1.0, 1.25, 1.5]
INSIDE = (QComboBox, QAbstractSpinBox)  # their own inner line edit is named by them


def shown_below(root: QWidget) -> list[QWidget]:
    return [widget for widget in root.findChildren(QWidget) if widget.isVisibleTo(root)]


def unnamed(root: QWidget) -> list[str]:
    """Controls that take the focus and have nothing to say."""
    silent = []
    for widget in shown_below(root):
        focusable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if not focusable or isinstance(widget, QScrollBar) or isinstance(widget.parent(), INSIDE):
            continue
        interface: QAccessibleInterface | None = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name):
            silent.append(f"{type(widget).__name__} {widget.objectName()!r}")
    return silent


def clipped(root: QWidget) -> list[str]:
    """Labels and buttons that are narrower or lower than their words."""
    short = []
    for widget in shown_below(root):
        if not isinstance(widget, QLabel | QAbstractButton) or isinstance(widget, Elide):
            continue
        if not widget.text() or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if isinstance(widget.parent(), (*INSIDE, QLineEdit)):
            continue
        wanted = widget.minimumSizeHint()
        if widget.width() < wanted.width() or widget.height() < wanted.height():
            short.append(f"{type(widget).__name__} {widget.text()!r} {widget.size()} < {wanted}")
    return short


def placed(layout: QLayout) -> list[QWidget]:
    """Every visible widget that a layout, or one inside it, gives a place."""
    found: list[QWidget] = []
    for number in range(layout.count()):
        item = layout.itemAt(number)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None and widget.isVisible() and not widget.size().isEmpty():
            found.append(widget)
        elif inner is not None:
            found += placed(inner)
    return found


def overlapping(root: QWidget) -> list[str]:
    """Neighbours in one layout that cover each other, or stick out of what holds them."""
    faults = []
    for holder in (root, *shown_below(root)):
        layout = holder.layout()
        neighbours = placed(layout) if layout is not None else []
        for number, one in enumerate(neighbours):
            room = holder.rect().adjusted(-1, -1, 1, 1)
            if not room.contains(one.geometry()):
                faults.append(f"{who(one)} {one.geometry()} leaves {who(holder)} {room}")
            for other in neighbours[number + 1 :]:
                both = one.geometry().intersected(other.geometry())
                if both.width() > 1 and both.height() > 1:
                    faults.append(f"{who(one)} covers {who(other)} by {both.size()}")
    return faults


def settle() -> None:
    """Text that wraps tells its height only after it got its width; then all moves once more."""
    for _ in range(4):
        QApplication.processEvents()


def who(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.objectName()!r} {text!r}"


def each_size(bench: Bench) -> Iterator[tuple[int, int]]:
    """Give the window each size that we promise; the content is never wider than it."""
    for size in SIZES:
        bench.window.resize(*size)
        settle()
        yield size
        assert bench.window.width() == size[0], "the content is wider than the window"
