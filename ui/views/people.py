"""Everybody with a login, and what the imports brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.logs import ImportBatchRow, ImportProblemRow
from coordinator_app.domain.person import Credential, CredentialKind, PersonRow
from ui.models.rows_model import Column, RowsModel
from ui.models.words import ROLE_LABELS, long_day, moment
from ui.widgets.labels import Chip
from ui.widgets.person_panel import PersonPanel, language_name
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

__all__ = ["PeopleView"]

_SOON_DAYS = 30
_SEVERITY = {"rejected": "danger", "error": "danger", "review": "warning", "warning": "warning"}


def _expired_languages(row: PersonRow) -> list[Credential]:
    return [one for one in row.credentials if one.kind is CredentialKind.LANGUAGE and one.expired]


class PeopleView(QWidget):
    """People above; for administrators imports and their problem rows below.

    Signals:
        batch_chosen: an ImportBatchRow whose problem rows should be shown.
        access_changed: (PersonRow, whether they may work, the reason) was asked for.
    """

    batch_chosen = Signal(object)
    access_changed = Signal(object, bool, str)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        with_imports: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty page; ``now`` is the practice's time and ``zone`` its IANA zone."""
        super().__init__(parent)
        self._now = now
        self._zone = zone
        self.people: RowsModel[PersonRow] = RowsModel(self._people_columns(), self)
        self.people_table = RowTable(self.people, self.tr("People"))
        self.people_table.setObjectName("people_table")
        self.batches: RowsModel[ImportBatchRow] = RowsModel(self._batch_columns(), self)
        self.batch_table = RowTable(self.batches, self.tr("Imports"))
        self.batch_table.setObjectName("imports_table")
        self.batch_table.row_chosen.connect(self._on_batch)
        self.problems: RowsModel[ImportProblemRow] = RowsModel(self._problem_columns(), self)
        self.problem_table = RowTable(self.problems, self.tr("Rows of the import for review"))
        self.problem_table.setObjectName("problems_table")
        self.problem_count = Chip()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        self.people_table.row_chosen.connect(self._on_person)
        self.panel = PersonPanel(now, zone)
        self.panel.access_changed.connect(self.access_changed)
        people = QSplitter(Qt.Orientation.Horizontal)
        people.setChildrenCollapsible(False)
        people.setHandleWidth(10)
        people.addWidget(self._card("", self.people_table))
        people.addWidget(self.panel)
        people.setStretchFactor(0, 1)
        people.setSizes([900, 330])
        split.addWidget(people)
        if with_imports:
            split.addWidget(self._imports_card())
            split.setSizes([300, 380])
        outer.addWidget(split)

    def _card(self, title: str, table: QWidget) -> Card:
        card = Card(title)
        card.body.addWidget(table, 1)
        return card

    def _imports_card(self) -> QWidget:
        self.no_imports = EmptyState(
            "upload",
            self.tr("Nothing was imported yet"),
            self.tr(
                "Patients come in with “coordinator-admin import”, from FHIR or from a CSV, TSV or "
                "Excel export of your practice system."
            ),
        )
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        imports = self._card(self.tr("Imports"), self.batch_table)
        problems = Card(self.tr("Rows for review"))
        problems.header.addWidget(self.problem_count)
        problems.header.addStretch(1)
        self._problem_stack = QStackedWidget()
        self._no_problems = EmptyState(
            "circle-check", self.tr("No row needs a person"), self.tr("Every row went in.")
        )
        self._problem_stack.addWidget(self._no_problems)
        self._problem_stack.addWidget(self.problem_table)
        problems.body.addWidget(self._problem_stack, 1)
        split.addWidget(imports)
        split.addWidget(problems)
        split.setSizes([720, 480])
        self._imports_stack = QStackedWidget()
        self._imports_stack.addWidget(self.no_imports)
        self._imports_stack.addWidget(split)
        return self._imports_stack

    # -- columns ------------------------------------------------------------------------------

    def _people_columns(self) -> list[Column[PersonRow]]:
        return [
            Column(self.tr("Name"), lambda r: r.person.name, strong=True, avatar=True),
            Column(self.tr("User name"), lambda r: r.person.login, width=130, drop=2),
            Column(self.tr("Role"), lambda r: ROLE_LABELS[r.person.role], width=150),
            Column(
                self.tr("State"),
                self._state,
                chip=self._state_kind,
                width=110,
            ),
            Column(self.tr("Languages"), self._languages, tone=self._languages_tone, drop=4),
            Column(self.tr("Training"), lambda r: r.training or "–", drop=3),
            Column(self.tr("Trained until"), self._expires, chip=self._expires_kind, width=200),
            Column(
                self.tr("Last seen"), lambda r: r.last_seen or self.tr("Never"), width=140, drop=1
            ),
        ]

    def _state(self, row: PersonRow) -> str:
        if not row.active:
            return self.tr("Suspended")
        return self.tr("Locked") if row.locked_minutes else self.tr("Active")

    def _state_kind(self, row: PersonRow) -> str:
        if not row.active:
            return "danger"
        return "warning" if row.locked_minutes else "success"

    def _languages(self, row: PersonRow) -> str:
        names = [language_name(code) for code in row.person.languages]
        late = [
            self.tr("%1 (expired)").replace("%1", language_name(one.name))
            for one in _expired_languages(row)
        ]
        kept = [name for name in names if not any(name in words for words in late)]
        return ", ".join((*kept, *late))

    def _languages_tone(self, row: PersonRow) -> str:
        return "danger_text" if _expired_languages(row) else "text"

    def _left(self, row: PersonRow) -> int | None:
        if row.training_expires is None:
            return None
        return (row.training_expires - self._now().date()).days

    def _expires(self, row: PersonRow) -> str:
        left = self._left(row)
        if row.training_expires is None or left is None:
            return self.tr("Does not expire")
        words = long_day(row.training_expires)
        if row.training_problem and left >= 0:
            return self.tr("Not enough")
        if left < 0:
            return self.tr("Expired %1").replace("%1", words)
        return self.tr("Soon: %1").replace("%1", words) if left <= _SOON_DAYS else words

    def _expires_kind(self, row: PersonRow) -> str:
        left = self._left(row)
        if row.training_problem:
            return "danger"
        if left is None or left > _SOON_DAYS:
            return ""
        return "danger" if left < 0 else "warning"

    def _batch_columns(self) -> list[Column[ImportBatchRow]]:
        return [
            Column(self.tr("When"), lambda r: moment(r.at, self._zone, self._now()), width=170),
            Column(self.tr("File"), lambda r: r.file_name, strong=True),
            Column(self.tr("By"), lambda r: r.by, width=76, drop=4),
            Column(self.tr("Read"), lambda r: f"{r.read:,}", right=True, width=60),
            Column(self.tr("New"), lambda r: f"{r.created:,}", right=True, width=54),
            Column(self.tr("Changed"), lambda r: f"{r.changed:,}", right=True, width=76, drop=2),
            Column(self.tr("Same"), lambda r: f"{r.unchanged:,}", right=True, width=60, drop=3),
            Column(
                self.tr("Review"),
                lambda r: f"{r.review:,}",
                right=True,
                width=72,
                tone=lambda r: "warning_text" if r.review else "text",
            ),
            Column(
                self.tr("Rejected"),
                lambda r: f"{r.rejected:,}",
                right=True,
                width=82,
                tone=lambda r: "danger_text" if r.rejected else "text",
            ),
        ]

    def _problem_columns(self) -> list[Column[ImportProblemRow]]:
        return [
            Column(self.tr("Row"), lambda r: f"{r.row_number:,}", right=True, width=64),
            Column(
                self.tr("What"),
                lambda r: r.severity.capitalize(),
                chip=lambda r: _SEVERITY.get(r.severity, "neutral"),
                width=100,
            ),
            Column(self.tr("Id in the file"), lambda r: r.external_id, width=110, drop=1),
            Column(self.tr("Why"), lambda r: r.reason),
        ]

    # -- data in ------------------------------------------------------------------------------

    def show_people(self, people: Sequence[PersonRow]) -> None:
        """Show people by name."""
        chosen = self.panel.row
        rows = sorted(people, key=lambda row: row.person.name.casefold())
        self.people.set_rows(rows)
        ids = [row.person.id for row in rows]
        if chosen is not None and chosen.person.id in ids:
            number = ids.index(chosen.person.id)
            self.people_table.select_row(number)
            self.panel.show_person(rows[number])
        elif rows:
            self.people_table.select_row(0)
            self.panel.show_person(rows[0])
        else:
            self.panel.show_person(None)

    def show_changed(self, changed: PersonRow) -> None:
        """Show one person as they are now."""
        self.panel.set_busy(False)
        self.show_people(
            [changed if row.person.id == changed.person.id else row for row in self.people.rows]
        )

    def show_batches(self, batches: Sequence[ImportBatchRow]) -> None:
        """Show imports, newest first, and choose one."""
        self.batches.set_rows(batches)
        self._imports_stack.setCurrentIndex(1 if batches else 0)
        if batches and self.batch_table.current_row() is None:
            self.batch_table.select_row(0)

    def show_problems(self, problems: Sequence[ImportProblemRow]) -> None:
        """Show the rows of the chosen import that need a person."""
        self.problems.set_rows(problems)
        self.problem_count.set(f"{len(problems):,}" if problems else "", "warning")
        self._problem_stack.setCurrentIndex(1 if problems else 0)

    def conceal(self) -> None:
        """Keep nothing."""
        self.people.clear()
        self.panel.show_person(None)
        self.batches.clear()
        self.problems.clear()

    def _on_person(self, row: PersonRow | None) -> None:
        self.panel.show_person(row)

    def _on_batch(self, row: ImportBatchRow | None) -> None:
        if row is not None:
            self.batch_chosen.emit(row)
