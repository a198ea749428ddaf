"""Looking patients up in the fake practice: look-ups, explanations, overrides, emergencies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.find import (
    LEAST_REASON,
    CheckFacts,
    DialRefusal,
    EmergencyChart,
    EntryChecks,
    FindQuery,
    Found,
    FoundPatient,
    GateCheck,
    GateOverride,
    GrantedOverride,
    LastCall,
    RuleBehind,
    WhyHere,
    WhyNotCalled,
)
from coordinator_app.domain.person import Role
from coordinator_app.errors import NotAllowedError, RefusedError
from tests.helpers.fake_lists import FakeLists

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from coordinator_app.services.clock import PracticeClock
    from tests.helpers.fake_data import FakePatient

HALF_HOUR = timedelta(minutes=30)
_OPENS = timedelta(hours=13, minutes=18)
_RULE = RuleBehind(
    "HOURS.IL",
    "47 CFR 64.1200(c)(1)",
    "weekdays 8:00 AM to 9:00 PM, Saturday 8:00 AM to 9:00 PM, Sunday 8:00 AM to 9:00 PM",
)


class FakeFind(FakeLists):
    """``looked_up``: what was searched for and why; ``overrides`` and ``glasses``: what was given.

    ``failing``: names of the checks that fail in every explanation. ``asked_ops``: the ids with
    which overrides and emergencies were asked for, refused ones too.
    """

    clock: PracticeClock
    patients: list[FakePatient]
    looked_up: list[tuple[FindQuery, str]]
    overrides: list[tuple[UUID, tuple[str, ...], str]]
    glasses: dict[UUID, EmergencyChart]
    explained: list[datetime | None]
    asked_ops: list[UUID]
    failing: tuple[str, ...] = ("hours", "cap_day")

    def _start_looking_up(self) -> None:
        self.looked_up = []
        self.overrides = []
        self.glasses = {}
        self.explained = []
        self.asked_ops = []

    def holder_of(self, patient: FakePatient) -> tuple[str, bool] | None:
        """Who has a patient open, and whether it is this person."""
        raise NotImplementedError

    def find_patient(self, query: FindQuery, reason: str) -> Found:
        """See the port: by the last four digits, or by first name."""
        self._enter("find_patient")
        if not (query.phone or query.name):
            raise RefusedError(
                "Enter the whole telephone number, or first and last name, or one name and the "
                "date of birth.",
                name="bad_argument",
            )
        self.looked_up.append((query, reason))
        first = query.name.split()[0].casefold() if query.name else ""
        fits = [
            p
            for p in self.patients
            if (query.phone and any(x.e164[-4:] == query.phone[-4:] for x in p.phones))
            or (first and p.first_name.casefold() == first)
        ]
        return Found(tuple(self._found(p) for p in fits[:5]))

    def _found(self, p: FakePatient) -> FoundPatient:
        held = self.holder_of(p)
        sentence = p.gate.sentence if p.gate else "In the queue; may be called now."
        if held is not None:
            sentence = f"{held[0]} has this patient open."
        why = [
            WhyHere(
                "Overdue visit",
                p.entry_id,
                sentence,
                held[0] if held else None,
                p.open and (held is None or held[1]),
            )
        ]
        if p.first_name == "Denise":
            ended = "Left this campaign on Nov 3: declined."
            why.append(WhyHere("Diabetes + BP", uuid4(), ended, None, can_open=False))
        last = LastCall(p.recent[0].at, "Jordan Park", "Voicemail left") if p.recent else None
        ending = p.phones[0].e164[-2:]
        return FoundPatient(
            p.patient_id, p.first_name, p.last_name[0], 1967, ending, tuple(why), last
        )

    def why_not_called(self, patient_id: UUID, at: datetime | None) -> WhyNotCalled:
        """See the port."""
        self._enter("why_not_called")
        if self.person.role is Role.COORDINATOR:
            raise NotAllowedError("Your role in this practice does not include this.")
        self.explained.append(at)
        moment = at or self.clock.now()
        p = next(x for x in self.patients if x.patient_id == patient_id)
        checks = tuple(self._check(name, moment) for name in _NAMES)
        return WhyNotCalled(
            at=moment,
            rule_pack="2025-11-01",
            outside="",
            entries=(EntryChecks(p.entry_id, "Overdue visit", "In the queue.", checks),),
            refusals=(
                DialRefusal(
                    UUID(int=1), moment - timedelta(days=3), "Jordan Park", "2025-11-01", checks
                ),
            ),
            overrides=tuple(
                GateOverride("Dr. Okafor", moment, moment + timedelta(days=1), why, names, False)
                for patient, names, why in self.overrides
                if patient == patient_id
            ),
        )

    def _check(self, name: str, at: datetime) -> GateCheck:
        ok = name not in self.failing
        facts = {
            "hours": CheckFacts(states=("IL", "WI"), zones=("America/Chicago",)),
            "cap_day": CheckFacts(calls=1, cap=1),
            "cap_campaign": CheckFacts(attempts=2, cap=6),
            "contact_budget": CheckFacts(contacts=1, cap=6),
            "purpose": CheckFacts(purpose="RECALL"),
            "reassigned": CheckFacts(answer="not asked"),
            "relationship": CheckFacts(
                last_transaction=date(2024, 9, 12), months=18, scrub_days=31
            ),
        }.get(name)
        rules = (_RULE,) if name == "hours" else ()
        if ok:
            return GateCheck(name, ok, facts=facts, rules=rules)
        return GateCheck(name, ok, _SENTENCES.get(name, "No."), at + _OPENS, None, facts, rules)

    def override_gate(
        self, patient_id: UUID, checks: Sequence[str], reason: str, op_id: UUID
    ) -> GrantedOverride:
        """See the port."""
        self.asked_ops.append(op_id)
        self._enter("override_gate")
        if self.person.role is not Role.CLINICIAN:
            raise NotAllowedError("Your role in this practice does not include this.")
        self.overrides.append((patient_id, tuple(checks), reason))
        return GrantedOverride(uuid4(), self.clock.now() + timedelta(hours=24))

    def break_glass(self, patient_id: UUID, reason: str, op_id: UUID) -> EmergencyChart:
        """See the port."""
        self.asked_ops.append(op_id)
        self._enter("break_glass")
        if len(reason.strip()) < LEAST_REASON:
            raise RefusedError("Say in a sentence what the emergency is.", name="bad_argument")
        p = next(x for x in self.patients if x.patient_id == patient_id)
        seen = EmergencyChart(
            id=uuid4(),
            until=self.clock.now() + HALF_HOUR,
            patient_id=patient_id,
            first_name=p.first_name,
            last_name=p.last_name,
            birth_date=date(1967, 4, 17),
            language=p.language,
            address="77 Elm Street, Chicago, IL, 60601",
            phones=tuple(x.display for x in p.phones),
            chart=p.chart,
        )
        self.glasses[seen.id] = seen
        return seen

    def emergency_chart(self, glass_id: UUID) -> EmergencyChart:
        """See the port."""
        self._enter("emergency_chart")
        seen = self.glasses[glass_id]
        if seen.until <= self.clock.now():
            raise RefusedError("The emergency access has ended.", name="emergency_over")
        return seen


_NAMES = (
    "assignment", "campaign", "patient_state", "appointment", "confidential", "suppressed",
    "number", "reassigned", "purpose", "relationship", "hours", "cap_day", "cap_week", "cap_24h",
    "cap_campaign", "contact_budget", "caller_id", "carrier_agreement",
)  # fmt: skip
_SENTENCES = {
    "hours": "It is outside calling hours where the patient may be (9:42 PM there).",
    "cap_day": "This patient was already called today.",
    "suppressed": "This patient asked not to be called.",
}
