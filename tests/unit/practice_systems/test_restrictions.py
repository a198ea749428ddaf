"""Never dial: refusals, deaths and dead numbers in any spelling (practice-systems.md 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.practice_systems.header_map import Field
from coordinator_app.practice_systems.restrictions import (
    Finding,
    read_consent,
    read_note,
    read_status,
)


@pytest.mark.parametrize(
    "text",
    [
        "do not call",
        "DO NOT  CONTACT PATIENT",
        "Don't call",
        "Don\u2019t Call",
        "dont call!!",
        "DoNotCall",
        "DONOTCALL",
        "do_not_call",
        "do-not-contact",
        "DNC",
        "D.N.C.",
        "Bad Debt. Don't Call",
        "No phone calls please",
        "wishes no further contact",
        "Pt asked not to be called",
        "please take off call list",
        "Never call",
        "stop calling me",
        "opted out",
        "no llamar",
        "does not want to be called",
        "not interested, do not call again",
    ],
)
def test_a_refusal_in_any_spelling_stops_every_call(text: str) -> None:
    assert Finding.DO_NOT_CALL in read_note(text)
    assert Finding.DO_NOT_CALL in read_status(text)
    assert Finding.DO_NOT_CALL in read_consent(Field.CONSENT_TO_CALL, text)


@pytest.mark.parametrize(
    "text",
    [
        "do not call before 10am",
        "don't call at work",
        "do not call cell, home only",
        "No calls after 5",
        "Not DNC",
        "call with caution",
        "ask daughter before calling",
        "only call in an emergency",
    ],
)
def test_what_might_be_a_refusal_goes_to_a_person(text: str) -> None:
    assert read_note(text) == {Finding.UNCLEAR_CONSENT}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no call no show 3/4",
        "No Call/No Show x2",
        "do not leave message",
        "Left Msg on Ans. Mach",
        "Not Home, Call Again",
        "Call Back, Not Ready",
        "Patient Will Call Us",
        "Mailed Postcard",
        "insurance expired",
        "prefers afternoon",
        "likes to be called Bob",
    ],
)
def test_ordinary_notes_restrict_nothing(text: str) -> None:
    assert read_note(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("DECEASED 2/2024", Finding.DECEASED),
        ("pt expired", Finding.DECEASED),
        ("passed away in May", Finding.DECEASED),
        ("mother deceased", Finding.UNCLEAR_DEATH),
        ("husband passed away", Finding.UNCLEAR_DEATH),
        ("Discon Ph Num", Finding.DISCONNECTED),
        ("cell disconnected", Finding.DISCONNECTED),
        ("wrong number", Finding.DISCONNECTED),
        ("transferred to Dr. Roe", Finding.LEFT_PRACTICE),
        ("has an attorney", Finding.LEGAL),
        ("duplicate chart", Finding.RECORD_NOT_IN_USE),
    ],
)
def test_other_reasons_not_to_call(text: str, finding: Finding) -> None:
    assert read_note(text) == {finding}


@pytest.mark.parametrize(
    ("field", "text", "findings"),
    [
        (Field.CONSENT_TO_CALL, "N", {Finding.DO_NOT_CALL}),
        (Field.CONSENT_TO_CALL, "Yes", set()),
        (Field.CONSENT_TO_CALL, "", set()),
        (Field.CONSENT_TO_CALL, "?!", {Finding.UNCLEAR_CONSENT}),
        (Field.DO_NOT_CALL, "Y", {Finding.DO_NOT_CALL}),
        (Field.DO_NOT_CALL, "1", {Finding.DO_NOT_CALL}),
        (Field.DO_NOT_CALL, "false", set()),
        (Field.DO_NOT_CALL, "maybe", {Finding.UNCLEAR_CONSENT}),
        (Field.CONTACT_METHOD, "DoNotCall", {Finding.DO_NOT_CALL}),
        (Field.CONTACT_METHOD, "WirelessPh", set()),
        (Field.CONTACT_METHOD, "TextMessage", {Finding.PREFERS_OTHER}),
        (Field.CONTACT_METHOD, "SeeNotes", {Finding.UNCLEAR_CONSENT}),
    ],
)
def test_what_yes_means_depends_on_the_column(
    field: Field, text: str, findings: set[Finding]
) -> None:
    assert read_consent(field, text) == findings


def test_a_status_that_only_points_at_notes_goes_to_a_person() -> None:
    assert read_status("Wait. See notes.") == {Finding.UNCLEAR_CONSENT}
    assert read_status("Non-Patient") == {Finding.RECORD_NOT_IN_USE}
    assert read_status("Inactive") == frozenset()


@given(st.text(max_size=200))
def test_no_note_makes_the_reader_fail(text: str) -> None:
    read_note(text)
    read_status(text)
    read_consent(Field.CONTACT_METHOD, text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_refusal_is_never_lost_in_other_words(before: str, after: str) -> None:
    found = read_note(f"{before} . do not call . {after}")
    assert found & {Finding.DO_NOT_CALL, Finding.UNCLEAR_CONSENT}
