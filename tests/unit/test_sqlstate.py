"""What a person reads when the database refuses or the link breaks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import exc

import resources
from coordinator_app.db.connect_errors import translate_connect_error
from coordinator_app.db.sqlstate import RULES, translate_error
from coordinator_app.errors import (
    ClientTooOldError,
    InsecureConnectionError,
    NotAllowedError,
    NotConnectedError,
    RefusedError,
    SignInRefusedError,
    StaleError,
    TakenByAnotherError,
    UserFacingError,
)


class Refusal(psycopg.DatabaseError):
    """An error as our SQL functions raise it."""

    def __init__(self, state: str, name: str = "", detail: str | None = None) -> None:
        super().__init__(name)
        self._said = {"sqlstate": state, "message_primary": name, "message_detail": detail}
        self.sqlstate = state

    @property
    def diag(self) -> Any:
        return type("Diagnostic", (), self._said)


def refusal(state: str, name: str = "", **facts: object) -> UserFacingError:
    found = translate_error(Refusal(state, name, json.dumps(facts)))
    assert found is not None
    return found


@pytest.mark.parametrize("state", sorted(RULES))
def test_every_refusal_has_a_whole_sentence_even_without_facts(state: str) -> None:
    error = refusal(state, "some_name")
    assert re.fullmatch(r"[A-Z“].*[.!?]", error.sentence)
    assert "{" not in error.sentence
    assert "None" not in error.sentence
    assert error.name == "some_name"


def test_facts_fill_the_sentence_and_stay_for_programs() -> None:
    taken = refusal("QC010", "taken", by="Maya Chen")
    assert isinstance(taken, TakenByAnotherError)
    assert taken.sentence.startswith("Maya Chen is working with this patient")
    assert taken.detail == {"by": "Maya Chen"}


def test_dates_are_written_for_people() -> None:
    expired = refusal("QC003", curriculum="HIPAA basics", expires_on="2026-11-02")
    assert isinstance(expired, SignInRefusedError)
    assert "“HIPAA basics” expired on November 2, 2026" in expired.sentence


def test_a_ready_sentence_of_the_database_wins() -> None:
    gate = refusal("QC020", "hours", gate="hours", sentence="Opens at 9:00.", opens_at=None)
    assert isinstance(gate, RefusedError)
    assert gate.sentence == "Opens at 9:00."


@pytest.mark.parametrize("detail", [None, "", "no json", "[1]", '{"by": null}', '{"by": ""}'])
def test_unreadable_facts_never_spoil_the_sentence(detail: str | None) -> None:
    found = translate_error(Refusal("QC010", "taken", detail))
    assert found is not None
    assert found.sentence.startswith("Somebody else")


def test_a_newer_servers_rule_is_shown_if_it_brings_its_sentence() -> None:
    assert refusal("QC099", "new_rule", sentence="Not today.").sentence == "Not today."
    assert translate_error(Refusal("QC099", "new_rule", "{}")) is None


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("QC004", ClientTooOldError),
        ("QC005", NotAllowedError),
        ("QC014", StaleError),
        ("QC030", TakenByAnotherError),
        ("28P01", SignInRefusedError),
        ("28000", SignInRefusedError),
        ("53300", SignInRefusedError),
        ("53100", NotConnectedError),
        ("57P01", NotConnectedError),
        ("57P03", NotConnectedError),
        ("08006", NotConnectedError),
        ("08P01", NotConnectedError),
        ("57014", NotConnectedError),
        ("55P03", NotConnectedError),
        ("42501", NotAllowedError),
        ("40001", StaleError),
        ("40P01", StaleError),
    ],
)
def test_kind_of_each_state(state: str, kind: type[UserFacingError]) -> None:
    assert type(refusal(state)) is kind


@pytest.mark.parametrize("state", ["42883", "42P01", "23505", "22P02", "XX000", "P0001", "22012"])
def test_what_we_do_not_know_is_our_bug(state: str) -> None:
    assert translate_error(Refusal(state, "duplicate key (name)=(Maria)")) is None


def test_wrong_password_and_unknown_login_read_the_same() -> None:
    assert refusal("28P01").sentence == refusal("28000").sentence


def test_the_drivers_error_is_found_inside_sqlalchemys() -> None:
    wrapped = exc.ProgrammingError("select", {}, errors.InsufficientPrivilege("denied"))
    assert isinstance(translate_error(wrapped), NotAllowedError)
    assert translate_error(exc.ArgumentError("ours")) is None


def test_a_lost_link_without_a_state() -> None:
    broken = psycopg.OperationalError("consuming input failed: server closed the connection")
    found = translate_error(broken)
    assert isinstance(found, NotConnectedError)
    assert found.name == "lost"


def test_a_programming_error_without_a_state_is_our_bug() -> None:
    assert translate_error(psycopg.ProgrammingError("the query has 0 placeholders")) is None


AT = 'connection failed: connection to server at "10.0.0.9", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (
            AT + 'FATAL:  password authentication failed for user "ana"',
            SignInRefusedError,
            "wrong_password",
        ),
        (AT + 'FATAL:  role "ana" does not exist', SignInRefusedError, "wrong_password"),
        (
            AT + 'FATAL:  role "app" is not permitted to log in',
            SignInRefusedError,
            "wrong_password",
        ),
        (
            AT + 'FATAL:  too many connections for role "ana"',
            SignInRefusedError,
            "too_many_connections",
        ),
        (
            AT + "FATAL:  sorry, too many clients already",
            SignInRefusedError,
            "too_many_connections",
        ),
        (AT + "FATAL:  the database system is starting up", NotConnectedError, "restarting"),
        (AT + 'FATAL:  no pg_hba.conf entry for host "::1"', SignInRefusedError, "not_from_here"),
        (AT + 'FATAL:  database "x" does not exist', SignInRefusedError, "no_such_database"),
        (
            AT + "server does not support SSL, but SSL was required",
            InsecureConnectionError,
            "no_tls",
        ),
        (AT + "SSL error: certificate verify failed", InsecureConnectionError, "certificate"),
        (
            AT + 'server certificate for "db" does not match host name "10.0.0.9"',
            InsecureConnectionError,
            "certificate_name",
        ),
        (
            AT + 'root certificate file "/x" does not exist',
            InsecureConnectionError,
            "root_certificate",
        ),
        (
            AT + 'authentication method requirement "scram-sha-256" failed: server requested a '
            "cleartext password",
            InsecureConnectionError,
            "unsafe_password",
        ),
        (AT + "Connection refused\n\tIs the server running?", NotConnectedError, "refused"),
        (
            AT + "received invalid response to SSL negotiation: H",
            NotConnectedError,
            "not_a_database",
        ),
        (AT + "server closed the connection unexpectedly", NotConnectedError, "restarting"),
        (AT + "No route to host", NotConnectedError, "unreachable"),
        (AT + "Se ha agotado el tiempo de espera", NotConnectedError, "unreachable"),
        ("connection timeout expired", NotConnectedError, "unreachable"),
        ("failed to resolve host 'db': [Errno -2] Name", NotConnectedError, "unknown_host"),
    ],
)
def test_why_a_connection_could_not_be_opened(
    text: str, kind: type[UserFacingError], name: str
) -> None:
    found = translate_error(psycopg.OperationalError(text))
    assert type(found) is kind
    assert found.name == name
    assert "10.0.0.9" not in found.sentence


def test_a_server_that_answers_in_another_language_has_refused() -> None:
    german = AT + "SCHWERWIEGEND:  Passwort-Authentifizierung für Benutzer »ana« fehlgeschlagen"
    found = translate_connect_error(psycopg.OperationalError(german))
    assert isinstance(found, SignInRefusedError)


def test_a_certificate_problem_at_one_of_two_addresses_is_not_called_a_refusal() -> None:
    both = "Multiple connection attempts failed:\n- Connection refused\n- certificate verify failed"
    assert isinstance(
        translate_connect_error(psycopg.OperationalError(both)), InsecureConnectionError
    )


def test_every_state_that_our_sql_raises_is_known() -> None:
    raised = {
        state
        for path in Path(resources.path("sql")).rglob("*.sql")
        for state in re.findall(r"'(QC\d{3})'", path.read_text("utf-8"))
    }
    assert raised
    assert raised <= set(RULES)
