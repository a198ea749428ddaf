"""Minimum necessary by column (45 CFR 164.502(b)): which fields each role is given, written down.

There are no table rights, so what a role can read is what the functions answer. The snapshot lists
every field of every answer per role; a field more shows in review.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.db_practice import op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Party, Practice

SNAPSHOT = Path(__file__).resolve().parent.parent / "snapshots" / "fields.txt"
UPDATE = "CC_UPDATE_SNAPSHOTS"  # =1 writes the snapshot anew; read the difference before a commit


def paths(answer: Any, at: str = "") -> Iterator[str]:
    """Every field of an answer; lists as []."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from paths(value, f"{at}.{key}" if at else key)
    elif isinstance(answer, list):
        for value in answer:
            yield from paths(value, f"{at}[]")
    else:
        yield at


def story(practice: Practice, role: str, who: Party) -> Iterator[tuple[str, Any]]:
    """All that this role can ask in a shift, each with its answer."""
    patient = practice.value("SELECT id FROM app.patient WHERE external_id = '1'")
    yield "sign_in", who.sign_in()
    if role in {"coordinator", "supervisor"}:
        card = who.claim(practice.entry_of(1))
        yield "claim", card
        call = who.dial(card)
        yield "request_call", call
        practice.answer(call)
        yield "ask_help", who.ask("ask_help", call["id"], "upset", op())
        yield "call", who.ask("call", call["id"])
        yield "verify_identity", who.verify(call)
        yield (
            "openings",
            who.one(
                "SELECT api.openings(ARRAY[%s], %s, %s, 3)",
                practice.doctor,
                practice.visit_type,
                practice.slot().date(),
            ),
        )
        at = practice.now().replace(hour=19).isoformat()
        yield "finish", who.finish(call, card, "CALLBACK_AT", {"callback_at": at, "note": "x"})
        practice.hang_up(call)
        yield "queue", who.ask("queue", "all", "", 50)
        yield "callbacks", who.ask("callbacks")
        who.skip(who.claim(practice.entry_of(2)))
        called = {"what": "wants_call", "phone": "6175559004"}
        yield "report_return", who.ask("report_return", called, op())
        yield "return_calls", who.ask("return_calls")
    if role in {"coordinator", "supervisor", "clinician", "auditor"}:
        yield "call_log", who.one("SELECT api.call_log('{}', NULL, 50)")
        yield "find_patient", who.ask("find_patient", {"phone": "6175559001"}, "returns our call")
    if role in {"coordinator", "supervisor", "clinician"}:
        reason = "unconscious at the office"
        yield "break_glass", who.one("SELECT api.break_glass(%s, %s, %s)", patient, reason, op())
    if role in {"supervisor", "clinician", "auditor"}:
        yield "why_not_called", who.one("SELECT api.why_not_called(%s, NULL)", patient)
        (one,) = who.ask("incidents", {})
        yield "incidents", [one]
        yield "incident", who.one("SELECT api.incident(%s)", one["id"])
    if role in {"supervisor", "auditor"}:
        day = practice.now().date()
        yield "who_looked", who.ask("who_looked", patient, day, day)
        yield "accounting", who.ask("accounting", patient)
        yield "privacy_watch", who.ask("privacy_watch")
    if role == "supervisor":
        yield "team", who.ask("team")
        yield from live(practice, who)
    if role in {"supervisor", "administrator", "auditor"}:
        yield "people", who.ask("people")
    yield "heartbeat", who.one("SELECT api.heartbeat(NULL, NULL)")


def live(practice: Practice, who: Party) -> Iterator[tuple[str, Any]]:
    """Somebody else's call, listened to."""
    _, other = practice.talk(practice.c4, 4)
    practice.c4.ask("ask_help", other["id"], "upset", op())
    said = {"at": practice.now().isoformat(), "speaker": "patient", "text": "x"}
    who.ask("monitor_call", other["id"], "listen", op())
    (wish,) = practice.gw.ask("gateway_monitors")
    at = datetime.now(UTC).isoformat()
    fact = {"state": "on", "at": at, "line_mode": "listen"}
    practice.gw.ask("gateway_monitor_fact", wish["id"], fact)
    practice.report(other, "live", captions=[said])
    yield "live_calls", who.ask("live_calls")


@pytest.mark.parametrize(
    ("role", "login"),
    [
        ("coordinator", "c1"),
        ("supervisor", "sup"),
        ("clinician", "cli"),
        ("administrator", "adm"),
        ("auditor", "aud"),
    ],
)
def test_each_role_is_given_the_written_fields_and_no_other(
    practice: Practice, role: str, login: str
) -> None:
    # Something to look at for those who only read.
    card, call = practice.talk(practice.c3, 3)
    practice.c3.finish(call, card, "INCIDENT", {"note": "Spoke to the wrong person."})
    practice.hang_up(call)
    said = story(practice, role, practice.as_person(f"cc_{login}"))
    now = {f"{role} {name} {path}" for name, answer in said for path in paths(answer)}
    kept = set(SNAPSHOT.read_text("utf-8").splitlines()) if SNAPSHOT.exists() else set()
    if os.environ.get(UPDATE) == "1":
        kept = {line for line in kept if not line.startswith(f"{role} ")} | now
        SNAPSHOT.write_text("\n".join(sorted(kept)) + "\n", "utf-8")
    kept = {line for line in kept if line.startswith(f"{role} ")}
    assert (sorted(kept - now), sorted(now - kept)) == ([], []), f"If meant: {UPDATE}=1."


def test_policy_neutral_campaigns_and_sensitive_patients_show_no_condition(
    practice: Practice,
) -> None:
    practice.rows(
        "INSERT INTO app.care_gap (patient_id, name, due_on) "
        "SELECT id, 'Methadone review', '2026-01-01' FROM app.patient"
    )
    practice.rows("SELECT app.campaign_refresh(id) FROM app.campaign")
    practice.rows("UPDATE app.patient SET sensitive = true WHERE external_id = '2'")

    def seen(number: int) -> str:
        card, call = practice.talk(practice.c1, number)
        told = str(card) + str(practice.c1.verify(call))
        practice.c1.finish(call, card, "NO_ANSWER")
        practice.hang_up(call)
        return told

    assert "Methadone" in seen(1)
    sensitive = seen(2)
    assert "Methadone" not in sensitive
    assert "A visit is due" in sensitive
    practice.rows("UPDATE app.campaign SET shows_clinical = false")
    assert "Methadone" not in seen(3)
    assert "Methadone" not in str(practice.c1.ask("queue", "all", "", 50))


def test_policy_t16_a_sensitive_patient_gets_no_voicemail(practice: Practice) -> None:
    practice.rows("UPDATE app.patient SET sensitive = true WHERE external_id = '1'")
    assert practice.c1.claim(practice.entry_of(1))["permissions"]["voicemail"] == "V0"
