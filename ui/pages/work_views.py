"""The workstation's panels and where they stand at each size of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.theme import active
from ui.views.openings_panel import OpeningsPanel
from ui.views.outcome_panel import OutcomePanel
from ui.views.patient_panel import PatientPanel
from ui.views.queue_panel import QueuePanel
from ui.views.script_panel import ScriptPanel
from ui.views.wrap_panel import WrapPanel

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.practice import Practice
    from ui.shortcuts import Keymap

__all__ = ["WorkViews"]

_FULL, _MEDIUM = 1380, 1180  # effective widths (ui.md section 1)
_TINY: Final = 980  # below it there is no room for three columns
_LOW: Final = 740  # effective height below which tiles and note shrink
_ROOMY: Final = 880  # effective height from which they need not shrink for the identity check
_GAP: Final = 10  # px; gutters stay as they are at any text scale


class WorkViews(QWidget):
    """Queue at the left; patient over openings; script, outcomes and wrap-up at the right.

    With large text in a small window the queue gives its place while a patient is open.
    """

    def __init__(self, practice: Practice, now: Callable[[], datetime], keymap: Keymap) -> None:
        """Make the panels of a practice.

        Args:
            practice: for names, zone and visit types.
            now: the practice's clock.
            keymap: for keys and tooltips.
        """
        super().__init__()
        self.queue = QueuePanel(now(), practice.zone, keymap)
        self.patient = PatientPanel(practice.zone)
        self.openings = OpeningsPanel(practice, now, keymap)
        self.script = ScriptPanel(keymap)
        self.outcome = OutcomePanel()
        self.wrap = WrapPanel(now, practice.zone, keymap)
        center = QVBoxLayout()
        center.addWidget(self.patient, 48)
        center.addWidget(self.openings, 52)
        self._right = QWidget()
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self._upper(), 1)
        right.addWidget(self.wrap)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        # The sides grow to their tier's width first; only then the middle. Fixed widths would
        # keep a window from ever becoming narrower than its present tier.
        row.addWidget(self.queue, 100)
        row.addLayout(center, 1)
        row.addWidget(self._right, 100)
        self._height = 0
        self._tiny = False
        self._open = False
        self.script.verifying.connect(self._make_room)
        self._boxes = (center, right, row)
        for box in self._boxes:
            box.setSpacing(_GAP)

    def _upper(self) -> QScrollArea:
        """Script and outcomes; they scroll only where the window is very low."""
        content = QWidget()
        content.setProperty("transparent", "true")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        column.addWidget(self.script, 1)
        column.addWidget(self.outcome)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        area.setAccessibleName(self.tr("Script and outcomes"))
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the focus
        return area

    def fit(self, window_width: int, page_height: int) -> None:
        """Choose the tier for a window's width and this page's height, both in pixels."""
        px, scale = active().px, active().scale
        effective = window_width / scale
        full, medium = effective >= _FULL, effective >= _MEDIUM
        self._tiny = effective < _TINY
        self._show_columns()
        for side, least, most in (
            (self.queue, 248, 308 if full else 272 if medium else 248),
            (self._right, 316, 356 if full else 336 if medium else 316),
        ):
            side.setMinimumWidth(px(least))
            side.setMaximumWidth(px(most))
        # Said outright: hints of the wider tier must not keep a window from becoming narrower.
        self.patient.setMinimumWidth(px(340))
        self.openings.setMinimumWidth(px(340))
        self.patient.set_tier(narrow=not full, narrowest=not medium)
        self.openings.set_tier(narrow=not full, narrowest=not medium)
        self._height = page_height
        self._make_room()
        # Panels that were never shown do not tell their layout that they shrank, and the window
        # would open wider than it was asked to.
        for box in self._boxes:
            box.invalidate()
        self.updateGeometry()

    def set_open(self, *, is_open: bool) -> None:
        """Say whether a patient is open: where only two columns fit, it chooses which."""
        self._open = is_open
        self._show_columns()

    def _show_columns(self) -> None:
        # Large text in a small window: the queue until a patient is open, then the call's side.
        self.queue.setVisible(not (self._tiny and self._open))
        self._right.setVisible(not (self._tiny and not self._open))

    def _make_room(self) -> None:
        """In a low window outcomes and wrap-up shrink; the identity check never scrolls away."""
        effective = self._height / active().scale
        low = effective < _LOW or (effective < _ROOMY and not self.script.identity.isHidden())
        self.outcome.set_low(low=low)
        self.wrap.set_low(low=low)
