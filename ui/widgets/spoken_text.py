"""Words to be said aloud: read-only, as tall as its text, important words bold."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme

__all__ = ["SpokenText", "to_html"]

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_NUMBER = re.compile(r"\((\d{3})\) (\d{3})-(\d{4})")  # is read in one go: never broken


def to_html(text: str) -> str:
    """Return text with ``**marks**`` as HTML; anything that looks like HTML stays text."""
    body = _BOLD.sub(r"<b>\1</b>", html.escape(text)).replace("\n", "<br>")
    body = _NUMBER.sub("(\\1)&nbsp;\\2&#8209;\\3", body)
    return f'<div style="line-height:125%">{body}</div>'


class SpokenText(QTextBrowser):
    """Never squeezed: its height follows the text; the column around it scrolls."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty text; ``name`` is for screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setProperty("embedded", "true")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self._text = ""
        follow_theme(self._rescale)

    def set_text(self, text: str) -> None:
        """Show text; ``**words**`` become bold."""
        self._text = text
        self.setHtml(to_html(text))
        self.setAccessibleDescription(text.replace("**", ""))
        self._fit()

    def _rescale(self) -> None:
        self.document().setDefaultFont(active().font("script"))
        self.setHtml(to_html(self._text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width is another height."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        document = self.document()
        document.setTextWidth(max(60, self.viewport().width()))
        around = self.height() - self.viewport().height()
        height = int(document.size().height()) + max(0, around) + 2
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        """As tall as the text."""
        return QSize(active().px(200), self.minimumHeight())
