"""Surfaces: cards with a heading, tinted icon tiles, fact rows, rules, and the empty state."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import Elide, label
from ui.widgets.painting import follow_theme, painting, rounded

__all__ = ["Card", "EmptyState", "Fact", "IconTile", "Inset", "rule"]


def rule(direction: Literal["h", "v"] = "h", parent: QWidget | None = None) -> QFrame:
    """Return a hairline."""
    line = QFrame(parent)
    line.setProperty("rule", direction)
    return line


class Card(QFrame):
    """A bordered surface. ``header`` takes controls beside the title, ``body`` the content."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        """Make a card; without a title it has no header line until something is put there."""
        super().__init__(parent)
        self.setProperty("card", "true")
        self._column = QVBoxLayout(self)
        self.header = QHBoxLayout()
        self.body = QVBoxLayout()
        self.title = label(title, "h3", self)
        self.title.setVisible(bool(title))
        self.header.addWidget(self.title)
        if title:
            self.setAccessibleName(title)
        self._column.addLayout(self.header)
        self._column.addLayout(self.body, 1)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(14), px(12), px(14), px(14))
        self._column.setSpacing(px(10))
        self.header.setSpacing(px(8))
        self.body.setSpacing(px(8))


class Inset(QFrame):
    """A bordered strip inside a card; ``row`` takes its content."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty strip."""
        super().__init__(parent)
        self.setProperty("inset", "true")
        self.row = QHBoxLayout(self)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        px = active().px
        self.row.setContentsMargins(px(12), px(5), px(12), px(5))
        self.row.setSpacing(px(8))


class IconTile(QLabel):
    """An icon, bare or on a soft tinted square. Decoration: the words beside it say the same."""

    def __init__(
        self,
        icon: str,
        kind: str = "neutral",
        parent: QWidget | None = None,
        *,
        tile: int = 28,
        size: int = 16,
    ) -> None:
        """Make a tile.

        Args:
            icon: icon file name without ``.svg``.
            kind: danger, warning, success, info, violet, primary or neutral.
            parent: Qt parent.
            tile: edge of the square at text scale 1.0; 0 shows the bare icon.
            size: edge of the icon.
        """
        super().__init__(parent)
        self._icon, self._kind, self._tile, self._edge = icon, kind, tile, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self._rescale)

    def set(self, icon: str, kind: str) -> None:
        """Show another icon."""
        self._icon, self._kind = icon, kind
        self.update()

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        edge = active().px(self._tile or self._edge)
        return QSize(edge, edge)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        with painting(self) as painter:
            if self._tile:
                soft = theme.color(f"{self._kind}_soft")
                rounded(painter, QRectF(self.rect()), theme.px(7), soft)
            edge = theme.px(self._edge)
            pixmap = theme.pixmap(
                self._icon, f"{self._kind}_text", self._edge, self.devicePixelRatioF()
            )
            painter.drawPixmap((self.width() - edge) // 2, (self.height() - edge) // 2, pixmap)


class Fact(QWidget):
    """An icon tile, one line of fact and one line about it."""

    def __init__(
        self, icon: str, kind: str, title: str, about: str = "", parent: QWidget | None = None
    ) -> None:
        """Make a row; see :class:`IconTile` for ``kind``."""
        super().__init__(parent)
        self.tile = IconTile(icon, kind, self)
        self.title = Elide(title, "strong", self)
        self.about = Elide(about, "small", self)
        self.about.setVisible(bool(about))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.about)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.tile, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(words, 1)
        self.setAccessibleName(f"{title}. {about}" if about else title)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(10))


class EmptyState(QWidget):
    """Says why there is nothing here and what to do.

    Signals:
        acted: its button was pressed.
    """

    acted = Signal()

    def __init__(
        self,
        icon: str,
        title: str,
        why: str,
        action: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Make the state; without ``action`` it has no button."""
        super().__init__(parent)
        self.tile = IconTile(icon, "primary", self, tile=52, size=26)
        self.title = label(title, "h3", self)
        self.why = label(why, "muted", self)
        self.button = Button(action, "primary", parent=self)
        self.why.setWordWrap(True)
        center = Qt.AlignmentFlag.AlignHCenter
        self.title.setAlignment(center)
        self.why.setAlignment(center)
        self.title.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._column.addWidget(self.tile, 0, center)
        self._column.addWidget(self.title)
        self._column.addWidget(self.why)
        self._column.addSpacing(4)
        self._column.addWidget(self.button, 0, center)
        self._column.addStretch(1)
        self.button.clicked.connect(lambda *_: self.acted.emit())
        self.set(icon, title, why, action)
        follow_theme(self._rescale)

    def set(self, icon: str, title: str, why: str, action: str = "") -> None:
        """Say something else."""
        self.tile.set(icon, "primary")
        self.title.setText(title)
        self.why.setText(why)
        self.button.set_label(action)
        self.button.setVisible(bool(action))
        self.setAccessibleName(f"{title}. {why}")

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(24), px(24), px(24), px(24))
        self._column.setSpacing(px(8))
