"""Thin progress lines, the steps of a script, and the microphone's level."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import fitted, follow_theme, painting, rounded

__all__ = ["LevelMeter", "ProgressLine", "StepLine"]


class ProgressLine(QProgressBar):
    """A 6 px line; a progress bar with a value to screen readers."""

    def __init__(self, name: str, parent: QWidget | None = None, *, kind: str = "primary") -> None:
        """Make a line from 0 to 100; ``kind`` is a colour token."""
        super().__init__(parent)
        self._kind = kind
        self.setTextVisible(False)
        self.setAccessibleName(name)
        self.setRange(0, 100)
        self.setValue(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self._rescale)

    def set_done(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``; more than all is all, nothing of nothing is nothing."""
        self.setRange(0, max(1, total))
        self.setValue(min(max(0, done), max(1, total)) if total > 0 else 0)
        self.update()

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(active().px(120), active().px(6))

    def minimumSizeHint(self) -> QSize:
        return QSize(active().px(24), active().px(6))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        rect = QRectF(self.rect())
        radius = rect.height() / 2
        share = (self.value() - self.minimum()) / max(1, self.maximum() - self.minimum())
        with painting(self) as painter:
            rounded(painter, rect, radius, theme.color("track"))
            if share > 0:
                filled = QRectF(rect)
                filled.setWidth(max(rect.height(), rect.width() * share))
                rounded(painter, filled, radius, theme.color(self._kind))


class StepLine(QLabel):
    """Named steps: those behind and the present one are filled."""

    def __init__(self, steps: Sequence[str], parent: QWidget | None = None) -> None:
        """Show steps; the first is the present one."""
        super().__init__(parent)
        self._steps = tuple(steps)
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_current(0)
        follow_theme(self._rescale)

    def set_steps(self, steps: Sequence[str], current: int = 0) -> None:
        """Show other steps."""
        self._steps = tuple(steps)
        self.set_current(current)

    def set_current(self, current: int) -> None:
        """Make a step the present one; clamped."""
        self._current = min(max(0, current), max(0, len(self._steps) - 1))
        if self._steps:
            words = self.tr("Step %1 of %2: %3")
            parts = (str(self._current + 1), str(len(self._steps)), self._steps[self._current])
            for number, part in enumerate(parts, start=1):
                words = words.replace(f"%{number}", part)
            self.setAccessibleName(words)
        self.update()

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(active().px(60) * max(1, len(self._steps)), active().px(24))

    def minimumSizeHint(self) -> QSize:
        return QSize(active().px(36) * max(1, len(self._steps)), active().px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._steps:
            return
        theme = active()
        gap = theme.px(4)
        width = (self.width() - gap * (len(self._steps) - 1)) / len(self._steps)
        with painting(self) as painter:
            for number, step in enumerate(self._steps):
                left = number * (width + gap)
                done = number <= self._current
                bar = QRectF(left, 0, width, theme.px(4))
                rounded(painter, bar, 2, theme.color("primary" if done else "track"))
                now = number == self._current
                font = theme.font("caption", "semibold" if now else "regular")
                painter.setFont(font)
                painter.setPen(theme.color("primary_text" if now else "text3"))
                box = QRectF(left, theme.px(7), width, self.height() - theme.px(7))
                flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(box, int(flags), fitted(step, font, width))


class LevelMeter(QWidget):
    """Bars of the voice level. Its timer runs only while live and on the screen."""

    BARS = 13
    FRAME_MS = 60

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make a silent meter."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._levels = deque([0.0] * self.BARS, maxlen=self.BARS)
        self._level = 0.0
        self._live = False
        self._timer = QTimer(self, interval=self.FRAME_MS)
        self._timer.timeout.connect(self._advance)
        follow_theme(self._rescale)

    @property
    def animating(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def set_live(self, live: bool) -> None:
        """Begin or end a call; ending makes it silent at once."""
        self._live = live
        if not live:
            self._levels.extend([0.0] * self.BARS)
            self._level = 0.0
        self._run()
        self.update()

    def set_level(self, level: float) -> None:
        """Take the loudness of this moment, 0.0–1.0; clamped."""
        self._level = min(1.0, max(0.0, level))

    def _run(self) -> None:
        if self._live and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _advance(self) -> None:
        self._levels.append(self._level)
        self._level *= 0.8  # between two readings a voice fades, it does not freeze
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._run()

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(active().px(self.BARS * 5), active().px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        color = theme.color("success" if self._live else "border2")
        pitch = self.width() / self.BARS
        bar = max(2.0, pitch * 0.55)
        with painting(self) as painter:
            for number, level in enumerate(self._levels):
                height = max(bar, level * self.height())
                rect = QRectF(number * pitch, (self.height() - height) / 2, bar, height)
                rounded(painter, rect, bar / 2, color)
