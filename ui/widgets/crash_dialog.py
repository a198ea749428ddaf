"""When the fault is ours: a plain sentence, and a report without patients that can be copied."""

from __future__ import annotations

import platform
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import label
from ui.widgets.named import named

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["CrashDialog", "report_of"]


def _places(trace: TracebackType | None) -> list[str]:
    # The file's last folders are enough to find the line; the whole path may hold a person's name.
    frames = traceback.extract_tb(trace)
    return [
        f"  {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"
        for frame in frames
    ]


def report_of(error: BaseException, version: str) -> str:
    """Return the kind of error and where it happened.

    Its message and every value are left out: either may hold a patient's data.
    """
    lines = [
        f"Care Coordinator {version}",
        f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()}",
    ]
    link: BaseException | None = error
    while link is not None:
        lines.append(type(link).__name__)
        lines += _places(link.__traceback__)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n".join(lines)


class CrashDialog(QDialog):
    """Told once for a fault; work can go on."""

    def __init__(self, report: str, parent: QWidget | None = None) -> None:
        """Make the dialog."""
        super().__init__(parent)
        self.setObjectName("crash")
        self.setWindowTitle(QGuiApplication.applicationDisplayName())
        px = active().px
        self.setMinimumWidth(px(520))
        why = label(
            self.tr(
                "This is a fault of the program, not of what you did. You can go on working. "
                "Please send the report below to your support; it holds no patient data."
            ),
            "muted",
        )
        why.setWordWrap(True)
        self.report = named(QPlainTextEdit(readOnly=True), "crash_report", self.tr("Report"))
        self.report.setPlainText(report)
        self.report.setMinimumHeight(px(150))
        self.copy = Button(self.tr("Copy the report"), icon="copy")
        self.copy.setObjectName("crash_copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
        close = Button(self.tr("Go on"), "primary")
        close.setObjectName("crash_close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(20), px(24), px(20))
        column.setSpacing(px(10))
        title = label(self.tr("Something went wrong; your notes are kept"), "h2")
        title.setWordWrap(True)
        column.addWidget(title)
        column.addWidget(why)
        column.addWidget(self.report, 1)
        column.addLayout(buttons)
        close.setFocus()
