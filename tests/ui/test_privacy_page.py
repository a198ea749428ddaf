"""The Privacy page: alerts, reviews, incidents with their four factors, who looked, disclosures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.domain.person import Role
from coordinator_app.domain.privacy import NewAssessment, NewDisclosure
from coordinator_app.errors import RefusedError
from tests.helpers.fake_data import NOW, fixed_id
from tests.helpers.fake_privacy import CHARTS, ROSA
from tests.helpers.fake_sign_in import person_of, session_for
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, each_size, overlapping, settle, unnamed
from tests.helpers.window import Bench, close_bench, make_bench
from ui.messages import MessageBus
from ui.pages.privacy import PrivacyPage
from ui.theme import Theme

PARTS = ("watch", "incidents", "looks", "disclosures")


@pytest.fixture
def tasks() -> InlineTasks:
    return InlineTasks()


@pytest.fixture
def messages(qapp: QApplication) -> Iterator[MessageBus]:
    bus = MessageBus()
    yield bus
    bus.clear_all()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def privacy(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, role: Role = Role.SUPERVISOR
) -> tuple[PrivacyPage, FakeTeamPractice]:
    practice = FakeTeamPractice(person=replace(person_of("sam"), role=role))
    page = PrivacyPage(session_for(practice), tasks, messages)
    qtbot.addWidget(page)
    page.resize(1200, 720)
    with qtbot.waitExposed(page):
        page.show()
    return page, practice


def said(messages: MessageBus) -> str:
    return " ".join(message.text for message in messages.current)


def texts(root: QWidget) -> str:
    return " ".join(label.text() for label in root.findChildren(QLabel))


# -- watch ------------------------------------------------------------------------------------


def test_an_alert_is_looked_at_with_a_note_and_leaves_the_list(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    watch = page.watch
    assert watch.alert_count.text() == "4"
    assert not watch.seen.isEnabled()
    watch.alert_table.select_row(1)
    assert watch.alert_words.toPlainText() == CHARTS, "whole, where the table has no room"
    watch.alert_note.setText("Talked to Jordan.")
    QTest.keyClick(watch.alert_note, Qt.Key.Key_Return)
    assert practice.written == [("acknowledge", watch_id(499), "Talked to Jordan.")]
    assert watch.alerts.rowCount() == 3
    assert watch.alert_note.text() == ""
    assert "was looked at" in said(messages)


def watch_id(number: int) -> object:
    return next(row.id for row in FakeTeamPractice(calls=0).alert_rows if row.id.int == number)


def test_what_was_typed_stays_when_it_is_refused(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    page.watch.alert_note.setText("Talked to Jordan.")
    practice.fail_next(RefusedError("This is about yourself."))
    page.watch.seen.click()
    assert page.watch.alert_note.text() == "Talked to Jordan."
    assert "about yourself" in said(messages)


def test_nobody_is_offered_to_settle_what_is_about_themselves(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = privacy(qtbot, tasks, messages)
    watch = page.watch
    watch.alert_note.setText("It was me.")
    watch.review_note.setText("It was me.")
    watch.alert_table.select_row(3)
    watch.opening_table.select_row(1)
    assert not watch.seen.isEnabled()
    assert not watch.justified.isEnabled()
    assert not watch.unjustified.isEnabled()
    assert "another supervisor" in watch._alert_why.text()
    assert "another supervisor" in watch._opening_why.text()
    watch.opening_table.select_row(0)
    assert watch.justified.isEnabled()
    assert "cannot breathe" in watch.reason.toPlainText()
    assert watch.reason.isReadOnly()


def test_a_review_is_recorded_and_not_justified_is_asked_twice(
    qtbot: QtBot,
    tasks: InlineTasks,
    messages: MessageBus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    opening = practice.glass_rows[0].id
    page.watch.review_note.setText("There was no emergency.")
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: 0)  # nobody presses the button
    page.watch.unjustified.click()
    assert practice.written == []
    assert page.watch.review_note.text()
    page.watch.justified.click()
    assert practice.written == [("review", opening, True, "There was no emergency.")]
    assert [row.mine for row in page.watch.openings.rows] == [True]


def test_unusual_reading_names_the_person_and_no_patient(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    watch = page.watch
    watch.unusual_table.select_row(0)
    assert watch.patients.count() == 12
    assert watch.patients.itemText(4) == "Patient 5 of 12"
    assert "Luis Cordero 7" in watch._rolled_back.text()
    watch.patients.setCurrentIndex(4)
    watch.who_looked.click()
    assert page.part.current == "looks"
    assert [who for who, _, _ in practice.looked] == [fixed_id("patient 4")]


def test_a_late_incident_opens_from_its_alert(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = privacy(qtbot, tasks, messages)
    page.watch.alert_table.select_row(1)
    assert page.watch.to_incident.isHidden()
    page.watch.alert_table.select_row(0)
    page.watch.to_incident.click()
    assert page.part.current == "incidents"
    assert page.incidents.card.patient.text() == "Rosa Mendoza"


# -- incidents --------------------------------------------------------------------------------


def at_incidents(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, role: Role = Role.SUPERVISOR
) -> tuple[PrivacyPage, FakeTeamPractice]:
    page, practice = privacy(qtbot, tasks, messages, role)
    if role is not Role.CLINICIAN:
        page.part.choose("incidents")
    return page, practice


def test_days_left_are_said_in_words_and_coloured(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = at_incidents(qtbot, tasks, messages)
    view = page.incidents
    words = [str(view.rows.index(row, 0).data()) for row in range(view.rows.rowCount())]
    assert words == ["8 days left", "1 day late", "27 days left"]
    assert [view._due_kind(row) for row in view.rows.rows] == ["warning", "danger", "success"]
    view.which.choose("closed")
    assert [str(view.rows.index(0, 0).data())] == ["Closed"]
    assert "Back to the queue" not in view.card._resolution.text()
    view.which.choose("all")
    assert view.rows.rowCount() == 4


def test_the_four_factors_are_recorded_as_they_were_typed(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = at_incidents(qtbot, tasks, messages)
    card = page.incidents.card
    card.nature.setPlainText("The date of the visit")
    card.recipient.setPlainText("A neighbour")
    card.viewed.setPlainText("Heard it")
    card.mitigation.setPlainText("Promised to keep it")
    card.record.click()
    assert "four factors" in said(messages), "the database says what is missing"
    card.disclosed.setChecked(True)
    card.result.setCurrentIndex(card.result.findData("breach"))
    card.told.setChecked(True)
    card.told_on.set_day(NOW.date())
    earlier = practice.incident_list[0].discovered_on
    assert card.discovered.day == earlier
    card.record.click()
    assert practice.written == [
        (
            "assess",
            fixed_id("incident 1"),
            NewAssessment(
                nature="The date of the visit",
                recipient="A neighbour",
                viewed="Heard it",
                mitigation="Promised to keep it",
                disclosed=True,
                result="breach",
                notified_on=NOW.date(),
            ),
        )
    ]
    assert "Breach · Sam Whitfield" in card._history.text()
    assert str(page.incidents.rows.index(0, 5).data()) == "Breach"


def test_closing_asks_what_happens_with_the_patient(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = at_incidents(qtbot, tasks, messages)
    page.incidents.table.select_row(1)
    card = page.incidents.card
    assert not card.nature.isVisible(), "symptoms are not assessed by the four factors"
    choices = [card.choice.itemText(n) for n in range(card.choice.count())]
    assert choices == ["Back to the queue", "Out of the queue"]
    card.resolution.setPlainText("The nurse called her.")
    card.close_.click()
    assert "choice" in said(messages)
    card.choice.setCurrentIndex(0)
    told: list[frozenset[str]] = []
    page.changed.connect(told.append)
    card.close_.click()
    number = fixed_id("incident 2")
    assert practice.written == [("close", number, "The nurse called her.", "release")]
    assert number not in {row.id for row in page.incidents.rows.rows}
    assert "queue" in told[0]


def test_an_incident_is_read_once_not_with_every_refresh(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = at_incidents(qtbot, tasks, messages)
    assert practice.log.count("incident") == 1
    for _ in range(3):
        page.refresh()
    assert practice.log.count("incident") == 1
    page.incidents.table.select_row(2)
    assert practice.log.count("incident") == 2


def test_a_clinician_has_incidents_only_and_closes_the_clinical_ones(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = at_incidents(qtbot, tasks, messages, Role.CLINICIAN)
    assert page.part.isHidden()
    assert "privacy_watch" not in practice.log
    card = page.incidents.card
    assert not card.close_.isVisible()
    assert not card.looks.isVisible()
    page.incidents.table.select_row(1)
    assert card.close_.isVisible()
    page.open_patient(ROSA)
    assert practice.looked == []


def test_an_auditor_reads_everything_and_is_offered_no_writing(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = privacy(qtbot, tasks, messages, Role.AUDITOR)
    assert not page.watch.alert_note.isVisible()
    assert not page.watch.justified.isVisible()
    page.open_incident(fixed_id("incident 1"))
    card = page.incidents.card
    assert card.patient.text() == "Rosa Mendoza"
    assert not card.record.isVisible()
    assert not card.close_.isVisible()
    card.disclosures.click()
    assert page.part.current == "disclosures"
    assert not page.disclosures.record.isVisible()
    assert not page.disclosures.correct.isVisible()


# -- who looked, disclosures ------------------------------------------------------------------


def test_who_looked_is_asked_for_a_patient_and_days(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    page.part.choose("looks")
    assert practice.looked == []
    assert "No patient is chosen" in texts(page.looks)
    page.open_patient(ROSA)
    today = NOW.date()
    assert practice.looked == [(ROSA, today - timedelta(days=89), today)]
    assert page.looks.patient.text() == "Rosa Mendoza"
    cells = [str(page.looks.rows.index(3, column).data()) for column in range(5)]
    assert cells[1:] == ["gateway", "The program", "Work", "Dialled"]
    page.looks.last.set_day(today - timedelta(days=100))
    page.looks.show_.click()
    assert practice.looked[-1] == (
        ROSA,
        today - timedelta(days=100),
        today - timedelta(days=89),
    ), "days in the wrong order are put right"


def test_a_look_is_not_repeated_by_what_happens_elsewhere(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    page.open_patient(ROSA)
    page.on_changed(frozenset({"team", "call_log", "queue"}))
    page._again()
    assert len(practice.looked) == 1


def test_a_disclosure_is_recorded_and_corrected_by_another_row(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = privacy(qtbot, tasks, messages)
    page.open_patient(ROSA, "disclosures")
    view = page.disclosures
    assert "Nothing was disclosed" in texts(view)
    view.recipient.setText("County health department")
    view.what.setPlainText("Name and date of the visit")
    view.purpose.setPlainText("A report the law asks for")
    view.record.click()
    assert "reason" in said(messages)
    assert view.recipient.text(), "what was typed stays"
    view.reason.setCurrentIndex(view.reason.findData("public_health"))
    view.record.click()
    given = NewDisclosure(
        day=NOW.date(),
        recipient="County health department",
        what="Name and date of the visit",
        purpose="A report the law asks for",
        reason="public_health",
    )
    assert practice.written == [("disclosure", ROSA, given)]
    assert view.recipient.text() == ""
    view.table.select_row(0)
    row = view.table.current_row()
    view.correct.click()
    view.what.setPlainText("Only the name")
    view.record.click()
    assert practice.written[-1][2] == replace(given, what="Only the name", corrects=row.id)
    assert [one.what for one in view.rows.rows] == ["Only the name"]


def test_a_locked_window_keeps_no_patient_and_nothing_typed(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = privacy(qtbot, tasks, messages)
    page.open_patient(ROSA, "disclosures")
    page.disclosures.what.setPlainText("Her diagnosis")
    page.open_incident(fixed_id("incident 1"))
    page.incidents.card.nature.setPlainText("Her diagnosis")
    page.conceal()
    assert "Mendoza" not in texts(page)
    assert "husband" not in texts(page)
    assert page.disclosures.what.toPlainText() == ""
    assert page.incidents.card.nature.toPlainText() == ""
    page.restore()
    assert page.incidents.card.patient.text() == "Rosa Mendoza"


# -- in the window ----------------------------------------------------------------------------


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, demo=True, calls=40)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_every_part_fits_the_window_and_says_what_it_is(
    bench: Bench, theme: Theme, scale: float
) -> None:
    theme.apply(scale=scale)
    bench.sign_in("sam")
    bench.workspace.open_looks(ROSA)
    page = bench.workspace.pages["privacy"]
    assert isinstance(page, PrivacyPage)
    for part in PARTS:
        page.part.choose(part)
        for size in each_size(bench):
            assert unnamed(bench.workspace) == [], (part, size)
            assert clipped(page) == [], (part, size)
            assert overlapping(bench.workspace) == [], (part, size)


def test_the_call_log_leads_to_who_looked(bench: Bench) -> None:
    practice = bench.sign_in("sam")
    bench.workspace.open("call_log")
    settle()
    button = bench.workspace.pages["call_log"].findChild(QWidget, "call_log_looks")
    assert button is not None
    assert button.isVisible()
    button.click()  # type: ignore[attr-defined]  # it is a Button
    assert bench.workspace.current == "privacy"
    assert [who for who, _, _ in practice.looked] == [fixed_id("patient Rosa M.")]


def test_an_amended_outcome_stands_beside_the_first_one(bench: Bench) -> None:
    bench.sign_in("sam")
    bench.workspace.open("call_log")
    settle()
    page = bench.workspace.pages["call_log"]
    shown = texts(page)
    assert "The machine did pick up." not in shown
    table = page.findChild(QWidget, "call_log_table")
    table.select_row(2)  # type: ignore[union-attr]  # it is there
    shown = texts(page)
    assert "The machine did pick up." in shown
    assert "No answer" in shown
    model = table.model()  # type: ignore[union-attr]
    assert str(model.index(2, 2).data()) == "Voicemail left (corrected)"
