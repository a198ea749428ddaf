"""Scripts and voicemail texts: whole in each language, and silent about the patient's health."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

import pytest

import resources
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Barrier
from coordinator_app.domain.patient import Card, IdentifierKind, VoicemailLevel
from coordinator_app.domain.practice import Practice
from coordinator_app.domain.script import Script
from coordinator_app.services.scripts import (
    PUBLIC_FIELDS,
    REVEALING_WORDS,
    VERIFIED_FIELDS,
    VOICEMAIL_FIELDS,
    _allowed,
    _merge,
    fill,
    languages,
    names,
    reveals,
    slow_number,
    spoken_number,
)
from tests.helpers.fake_data import JORDAN, PRACTICE
from tests.helpers.fake_practice import FakePractice

FIELD = re.compile(r"\{([^}]*)\}")
NOT_SPOKEN = re.compile(r"\([^)]*\)")
LANGUAGES = ("en", "es")
SCRIPTS = ("recall", "care_gap", "missed_visit")
EVERY_SCRIPT = [(language, name) for language in LANGUAGES for name in SCRIPTS]
# Clinical and money words, and names of tests: none may be in any template that a machine or a
# stranger could hear (compliance.md 7.3, 3.4).
CLINICAL = re.compile(
    r"\b(result|lab|test|medicine|medication|diagnos|diabet|cancer|a1c|blood|mammogram|colonoscop"
    r"|balance|owe|debt|portal|resultado|an[aá]lisis|prueba|medicina|medicamento|sangre|c[aá]ncer"
    r"|saldo|deuda|overdue|vencid)",
    re.IGNORECASE,
)


def load(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.text(f"templates/{name}"))


STRUCTURE = load("script.toml")


def card_of(**changes: Any) -> Card:
    card = FakePractice().claim_next(uuid7())
    assert isinstance(card, Card)
    return replace(card, **changes)


def filled(language: str = "en", practice: Practice = PRACTICE, **changes: Any) -> Script:
    return fill(card_of(**changes), practice, JORDAN, language)


def everything_said(script: Script) -> list[str]:
    steps = [step.text for step in script.steps]
    return [script.voicemail, *steps, *(reply.text for reply in script.replies)]


def texts(language: str, script: str = "recall") -> dict[tuple[str, str], str]:
    """Every template of a script by (part, key)."""
    shared, own = load(f"{language}/script.toml"), load(f"{language}/script_{script}.toml")
    found = {}
    for key, step in shared["steps"].items():
        found["steps", key] = own["steps"].get(key, {}).get("text") or step["text"]
    for key, reply in shared["replies"].items():
        found["replies", key] = reply["text"]
    for level, text in shared["voicemail"].items():
        found["voicemail", level] = text
    return found


# ------------------------------------------------------------------ the templates themselves


def test_both_languages_have_the_same_keys() -> None:
    english, spanish = load("en/script.toml"), load("es/script.toml")
    for part in ("words", "steps", "replies", "voicemail"):
        assert set(english[part]) == set(spanish[part])
    assert [step["key"] for step in STRUCTURE["steps"]] == list(english["steps"])
    assert {reply["key"] for reply in STRUCTURE["replies"]} == set(english["replies"])
    assert set(english["voicemail"]) == {"V1", "V2"}
    for name in SCRIPTS:
        in_english, in_spanish = load(f"en/script_{name}.toml"), load(f"es/script_{name}.toml")
        assert set(in_english["steps"]) == set(in_spanish["steps"])


def test_there_is_no_template_that_no_script_uses() -> None:
    for language in LANGUAGES:
        found = {file.name for file in resources.path(f"templates/{language}").glob("script*")}
        assert found == {"script.toml", *(f"script_{name}.toml" for name in names())}


@pytest.mark.parametrize(("language", "script"), EVERY_SCRIPT)
def test_both_languages_say_the_same_facts(language: str, script: str) -> None:
    for place, text in texts(language, script).items():
        assert set(FIELD.findall(text)) == set(FIELD.findall(texts("en", script)[place])), place


@pytest.mark.parametrize(("language", "script"), EVERY_SCRIPT)
def test_fields_come_from_the_closed_lists(language: str, script: str) -> None:
    needs = {
        (part, each["key"]): each["needs_identity"]
        for part in ("steps", "replies")
        for each in STRUCTURE[part]
    }
    for (part, key), text in texts(language, script).items():
        used = set(FIELD.findall(text))
        if part == "voicemail":
            assert used <= VOICEMAIL_FIELDS
        elif needs[part, key]:
            assert used <= VERIFIED_FIELDS
        else:
            assert used <= PUBLIC_FIELDS


def test_no_field_can_carry_the_chart() -> None:
    added = VERIFIED_FIELDS - PUBLIC_FIELDS
    assert added == {"practice_name", "practitioner"}
    for field in VERIFIED_FIELDS:
        assert not re.search(r"reason|campaign|chip|chart|birth|zip|address|mrn|phone|plan", field)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_before_identity_or_to_a_machine_is_not_clinical(language: str) -> None:
    open_parts = {
        each["key"] for part in ("steps", "replies") for each in STRUCTURE[part]
        if not each["needs_identity"]
    }  # fmt: skip
    for (part, key), text in texts(language).items():
        if part == "voicemail" or key in open_parts:
            assert not CLINICAL.search(NOT_SPOKEN.sub("", text)), (part, key)
            assert not reveals(text), (part, key)


@pytest.mark.parametrize(("language", "script"), EVERY_SCRIPT)
def test_verifying_never_reads_an_answer_out(language: str, script: str) -> None:
    text = texts(language, script)["steps", "verify"]
    assert set(FIELD.findall(text)) == {"coordinator_first_name", "office_name", "office_number"}
    verify = filled(language, script=script).steps[1]
    assert verify.key == "verify"
    assert "Rosa" not in verify.text
    assert "Martínez" not in verify.text


@pytest.mark.parametrize(("language", "script"), EVERY_SCRIPT)
def test_sentences_are_short_enough_to_be_spoken(language: str, script: str) -> None:
    for place, text in texts(language, script).items():
        spoken = NOT_SPOKEN.sub("", text).replace("**", "")
        for sentence in re.split(r"(?<=[.?!:])\s", spoken):
            assert len(sentence.split()) <= 25, (place, sentence)
        assert text.count("**") % 2 == 0, place
        assert text.count("(") == text.count(")"), place


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_takes_less_than_half_a_minute(language: str) -> None:
    for level in (VoicemailLevel.NAME_AND_NUMBER, VoicemailLevel.DETAILED):
        card = card_of()
        allowed = replace(card.permissions, voicemail=level)
        said = fill(replace(card, permissions=allowed), PRACTICE, JORDAN, language).voicemail
        assert 20 < len(re.findall(r"\w+", said)) < 85  # a digit is a word here


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_in_danger_names_the_numbers(language: str) -> None:
    replies = {reply.key: reply for reply in filled(language).replies}
    assert "911" in replies["symptoms"].text
    assert "988" in replies["crisis"].text
    assert "911" in replies["crisis"].text
    assert not replies["symptoms"].needs_identity
    assert not replies["crisis"].needs_identity


# ------------------------------------------------------------------ filling them in


@pytest.mark.parametrize(("language", "script"), EVERY_SCRIPT)
def test_every_field_resolves(language: str, script: str) -> None:
    made = filled(language, script=script)
    assert made.language == language
    said = everything_said(made)
    assert all(text and not FIELD.search(text) for text in said)
    assert [step.key for step in made.steps] == ["greet", "verify", "reason", "offer", "close"]
    assert [step.needs_identity for step in made.steps] == [False, False, True, True, True]
    assert all([*(step.title for step in made.steps), *(reply.title for reply in made.replies)])


def test_the_languages_and_scripts() -> None:
    assert languages() == LANGUAGES
    assert names() == SCRIPTS


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("es-MX", "es"), ("ES", "es"), ("es_US", "es"), ("en-GB", "en"), ("vi", "en"), ("", "en")],
)
def test_any_language_tag_finds_a_script(asked: str, spoken: str) -> None:
    assert filled(asked).language == spoken


def test_a_script_that_only_a_newer_version_has_becomes_the_general_one() -> None:
    assert filled(script="from_the_future") == filled(script="recall")


def test_the_scripts_differ() -> None:
    reasons = {filled(script=name).steps[2].text for name in names()}
    assert len(reasons) == len(names())


def test_replies_carry_known_barriers() -> None:
    barriers = {reply.key: reply.barrier for reply in filled().replies}
    assert {barrier for barrier in barriers.values() if barrier} <= {each.value for each in Barrier}
    assert barriers["no_ride"] == Barrier.TRANSPORT
    assert barriers["stop_calling"] == ""


def test_the_identity_check_does_not_offer_what_the_greeting_says() -> None:
    assert filled().identifiers == (
        IdentifierKind.BIRTH_DATE,
        IdentifierKind.ZIP,
        IdentifierKind.ADDRESS,
        IdentifierKind.PHONE,
    )
    assert "Rosa Martínez" in filled().steps[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_card_but_names_is_said(language: str) -> None:
    card = card_of(reason="Zyxreason A1c", campaign="Zyxcampaign", callback_note="Zyxnote")
    made = fill(card, PRACTICE, JORDAN, language)
    said = " ".join(everything_said(made))
    for secret in ("Zyx", "A1c", card.phones[0].display, card.plan):
        assert secret not in said


def test_without_the_chart_the_clinician_is_not_named() -> None:
    made = filled(chart=None)
    said = " ".join(everything_said(made))
    assert "Okafor" not in said
    assert "Your doctor asked us" in made.steps[2].text
    assert "Su médico nos pidió" in filled("es", chart=None).steps[2].text


def test_the_message_follows_the_permission() -> None:
    card = card_of()
    said = {
        level: fill(
            replace(card, permissions=replace(card.permissions, voicemail=level)),
            PRACTICE, JORDAN, "en",
        )
        for level in VoicemailLevel
    }  # fmt: skip
    assert said[VoicemailLevel.NONE].voicemail == ""
    assert "schedule" not in said[VoicemailLevel.NAME_AND_NUMBER].voicemail
    assert "schedule your next visit" in said[VoicemailLevel.DETAILED].voicemail
    for level, made in said.items():
        assert made.voicemail_level is level
        assert card.last_name not in made.voicemail
        assert made.voicemail.count("3-1-2, 5-5-5, 0-1-0-0") in (0, 2)


@pytest.mark.parametrize(
    "name", ["Lakeside Oncology", "Centro de Diálisis", "HIV Care", "The Recovery House", "", "  "]
)
def test_an_office_whose_name_reveals_is_not_named_and_leaves_no_message(name: str) -> None:
    made = filled(practice=replace(PRACTICE, voicemail_name=name))
    assert made.voicemail == ""
    assert made.voicemail_level is VoicemailLevel.NONE
    assert "your doctor's office" in made.steps[1].text
    if name.strip():
        assert name not in made.steps[1].text


@pytest.mark.parametrize("name", ["Lakeside Medical Office", "Dr. Okafor", "Recoleta Clinic"])
def test_harmless_names_stay(name: str) -> None:
    assert not reveals(name)
    assert name in filled(practice=replace(PRACTICE, voicemail_name=name)).voicemail


def test_revealing_words_are_beginnings_in_lower_case() -> None:
    assert all(word == word.casefold() and word.isalpha() for word in REVEALING_WORDS)
    assert reveals("LAKESIDE CANCER CENTER")


def test_hours_are_said_in_spanish_when_every_word_is_known() -> None:
    hours = replace(PRACTICE, office_hours="Monday to Friday, 8 AM to 5 PM")
    spanish = filled("es", hours).voicemail
    assert "lunes a viernes, 8 de la mañana a 5 de la tarde" in spanish
    assert "Monday to Friday, 8 AM to 5 PM" in filled("en", hours).voicemail


@pytest.mark.parametrize("hours", ["Monday except holidays", "", "24/7"])
def test_hours_that_cannot_be_translated_become_general(hours: str) -> None:
    practice = replace(PRACTICE, office_hours=hours)
    assert "es el horario normal de oficina" in filled("es", practice).voicemail


def test_missing_hours_do_not_leave_a_hole() -> None:
    practice = replace(PRACTICE, office_hours=" ")
    assert "We are open during normal office hours." in filled("en", practice).voicemail


@pytest.mark.parametrize(
    ("e164", "shown", "slowly"),
    [
        ("+13125550100", "(312) 555-0100", "3-1-2, 5-5-5, 0-1-0-0"),
        ("+442079460123", "+442079460123", "4-4-2, 0-7-9, 4-6-0, 1-2-3"),
        ("", "", ""),
    ],
)
def test_numbers_as_they_are_said(e164: str, shown: str, slowly: str) -> None:
    assert spoken_number(e164) == shown
    assert slow_number(e164) == slowly


def test_a_name_cannot_smuggle_in_a_field_or_marks() -> None:
    made = filled(first_name="{practitioner}**", last_name="O'Neil\n{office_hours}")
    assert "**{practitioner} O'Neil {office_hours}**" in made.steps[0].text


def test_only_parts_for_a_verified_patient_may_name_the_clinician() -> None:
    assert _allowed({"needs_identity": True}) == VERIFIED_FIELDS
    assert _allowed({"needs_identity": False}) == PUBLIC_FIELDS


def test_a_template_that_says_too_much_fails_loudly() -> None:
    with pytest.raises(KeyError, match="practitioner"):
        _merge("Hello from {practitioner}", {"practitioner": "Dr. Okafor"}, VOICEMAIL_FIELDS)
