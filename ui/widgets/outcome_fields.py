"""The details an outcome needs: time, scope, reason, obstacle, language; only those are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from coordinator_app.domain.outcome import (
    BARRIER_LABELS,
    DECLINE_REASONS,
    LEFT_REASONS,
    OPT_OUT_SCOPES,
    SPEC,
    Detail,
    Outcome,
    OutcomeDetails,
)
from ui.theme import active
from ui.widgets.callback_time import CallbackTime
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.painting import follow_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

__all__ = ["LANGUAGES", "OutcomeFields"]

# The languages most asked for in American practices; codes are BCP 47.
LANGUAGES: Final = {
    "es": "Spanish",
    "zh": "Chinese",
    "vi": "Vietnamese",
    "tl": "Tagalog",
    "ar": "Arabic",
    "ko": "Korean",
    "ru": "Russian",
    "fr": "French",
    "ht": "Haitian Creole",
    "pt": "Portuguese",
    "pl": "Polish",
    "hi": "Hindi",
    "fa": "Persian",
    "ase": "American Sign Language",
    "und": "Not known",
}


class OutcomeFields(QWidget):
    """Inputs for one outcome at a time; what was chosen stays when the outcome changes.

    Signals:
        changed: a detail is another one.
    """

    changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        """Make hidden fields; ``now`` is the practice's clock."""
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self.callback = CallbackTime(now)
        self.scope = self._combo(self.tr("Do not contact"), OPT_OUT_SCOPES)
        self.barrier = self._combo(
            self.tr("What stands in the way"), {b.value: t for b, t in BARRIER_LABELS.items()}
        )
        self.declined = self._combo(self.tr("Why declined"), DECLINE_REASONS)
        self.left = self._combo(self.tr("Why left"), LEFT_REASONS)
        self.language = self._combo(self.tr("Language needed"), LANGUAGES)
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for title, combo in (
            (self.tr("Scope"), self.scope),
            (self.tr("Barrier"), self.barrier),
            (self.tr("Reason"), self.declined),
            (self.tr("Reason"), self.left),
            (self.tr("Language"), self.language),
        ):
            self._form.addRow(title, combo)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.callback)
        self._column.addLayout(self._form)
        self.callback.changed.connect(self.changed)
        self.set_outcome(None)
        follow_theme(self._rescale)

    def _combo(self, name: str, items: Mapping[str, str]) -> ElideCombo:
        combo = ElideCombo(name, name)
        combo.setPlaceholderText(self.tr("Choose…"))
        for code, words in items.items():
            combo.addItem(words, code)
        combo.setCurrentIndex(-1)
        combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        return combo

    # -- what is chosen -----------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome | None:
        """For which outcome fields are shown."""
        return self._outcome

    def fill(self, details: OutcomeDetails) -> OutcomeDetails:
        """Return ``details`` with what is chosen here for the present outcome."""
        needs = SPEC[self._outcome].needs if self._outcome is not None else ()
        reason = self.left if self._outcome is Outcome.LEFT_PRACTICE else self.declined
        return replace(
            details,
            callback_at=self.callback.moment if Detail.CALLBACK_TIME in needs else None,
            callback_mine=self.callback.mine.isChecked(),
            scope=self._code(self.scope) if Detail.SCOPE in needs else "",
            # An obstacle is worth keeping with any outcome after which somebody was talked to.
            barrier=self._code(self.barrier),
            reason=self._code(reason) if Detail.REASON in needs else "",
            language=self._code(self.language) if Detail.LANGUAGE in needs else "",
        )

    def load(self, details: OutcomeDetails, zone: str) -> None:
        """Show a draft; an empty one clears every field."""
        self.blockSignals(True)
        self.callback.reset(zone)
        self.callback.set_moment(details.callback_at)
        self.callback.mine.setChecked(details.callback_mine)
        for combo, code in (
            (self.scope, details.scope),
            (self.barrier, details.barrier),
            (self.declined, details.reason),
            (self.left, details.reason),
            (self.language, details.language),
        ):
            combo.setCurrentIndex(combo.findData(code) if code else -1)
        self.blockSignals(False)

    def set_outcome(self, outcome: Outcome | None) -> None:
        """Show the fields of an outcome."""
        self._outcome = outcome
        needs = SPEC[outcome].needs if outcome is not None else ()
        self.callback.setVisible(Detail.CALLBACK_TIME in needs)
        left = outcome is Outcome.LEFT_PRACTICE
        self._row(self.scope, Detail.SCOPE in needs)
        self._row(self.barrier, Detail.BARRIER in needs)
        self._row(self.declined, Detail.REASON in needs and not left)
        self._row(self.left, Detail.REASON in needs and left)
        self._row(self.language, Detail.LANGUAGE in needs)
        inside = set(needs) - {Detail.SLOT, Detail.NOTE}
        self.setVisible(bool(inside))

    def set_barrier(self, code: str) -> None:
        """Choose an obstacle that was heard during the call."""
        number = self.barrier.findData(code)
        if number >= 0:
            self.barrier.setCurrentIndex(number)

    def focus(self, detail: Detail) -> None:
        """Go to the field of a missing detail."""
        left = self._outcome is Outcome.LEFT_PRACTICE
        targets: dict[Detail, QWidget] = {
            Detail.CALLBACK_TIME: self.callback.field,
            Detail.SCOPE: self.scope,
            Detail.BARRIER: self.barrier,
            Detail.REASON: self.left if left else self.declined,
            Detail.LANGUAGE: self.language,
        }
        if detail in targets:
            targets[detail].setFocus()

    def _row(self, combo: ElideCombo, shown: bool) -> None:
        self._form.setRowVisible(combo, shown)

    @staticmethod
    def _code(combo: ElideCombo) -> str:
        code = combo.currentData()
        return code if isinstance(code, str) else ""

    def _rescale(self) -> None:
        self._column.setSpacing(active().px(6))
        self._form.setVerticalSpacing(active().px(6))
