"""The check before the first call, and every day: what is right, what is missing, who mends it.

telephony.md 1.3 (attestation), 1.4 (agreement, recordings), 1.2 (rate); compliance.md 1.8.
"""

from __future__ import annotations

from collections.abc import Iterator

from coordinator_app.calls.backend import Refused, Unreachable
from coordinator_app.calls.line_setup import AccountFacts, LineSetup
from coordinator_app.domain.line_setup import (
    GatewayLine,
    Level,
    LineChecked,
    LineFinding,
    ShownNumber,
)

_SETTINGS = "Settings, Phone line"


def check_line(setup: LineSetup, line: GatewayLine) -> LineChecked | Unreachable:
    """Ask the carrier and the practice's own records; Unreachable: nothing is known now."""
    account = setup.account()
    if isinstance(account, Unreachable):
        return account
    if not account.usable:
        finding = LineFinding(
            "account",
            Level.BLOCK,
            account.sentence,
            f"Check account and key in the carrier’s console, then enter them again ({_SETTINGS}).",
        )
        return LineChecked((finding,), ShownNumber(line.office_number))
    shown = setup.number(line.office_number)
    if isinstance(shown, Unreachable):
        return shown
    countries = setup.countries()
    if isinstance(countries, Unreachable):
        return countries
    number = shown if isinstance(shown, ShownNumber) else ShownNumber(line.office_number)
    return LineChecked(
        (
            LineFinding("account", Level.OK, "The carrier accepts the account and its key."),
            _trial(account, line),
            _number(shown),
            *_attestation(number, line),
            _authorization(line),
            *(() if setup.is_practice else _papers(line)),
            _countries(countries, line),
            *(
                ()
                if setup.is_practice
                else (_recordings(line), _softphone(setup.account_sid, line))
            ),
            LineFinding(
                "rate",
                Level.NOTE,
                "The carrier starts one call a second, and the gateway keeps to it.",
            ),
            _heard(line),
        ),
        number,
    )


def problem_of(checked: LineChecked) -> str:
    """Why no call may go out, as one sentence for the board; "" when calls may."""
    blocking = (f for f in checked.findings if f.level is Level.BLOCK)
    first = next(blocking, None)
    return "" if first is None else f"{first.sentence} Nobody can call until that is mended."


def _trial(account: AccountFacts, line: GatewayLine) -> LineFinding:
    upgrade = "Upgrade the account in the carrier’s console (billing)."
    if account.trial:
        words = "The account is a trial, which calls only numbers that were confirmed one by one."
        return LineFinding("trial", Level.BLOCK, words, upgrade)
    if account.trial is None and "full_account" not in line.ticks:
        return LineFinding(
            "trial",
            Level.WARN,
            "The key may not tell whether the account is a trial; a trial cannot call patients.",
            "Look at the top of the carrier’s console: if it says “Trial”, upgrade. Then tick it "
            "here.",
        )
    return LineFinding("trial", Level.OK, "The account is a full one, not a trial.")


def _number(shown: ShownNumber | Refused) -> LineFinding:
    if isinstance(shown, Refused):
        return LineFinding(
            "number",
            Level.WARN,
            "The key may not read the account’s numbers, so nobody knows whether the office number "
            "may be shown.",
            "Give the key the permission to read phone numbers and caller IDs.",
        )
    if shown.kind == "owned":
        return LineFinding("number", Level.OK, "The office number belongs to the carrier account.")
    if shown.kind == "verified":
        return LineFinding("number", Level.OK, "The carrier has verified the office number.")
    return LineFinding(
        "number",
        Level.BLOCK,
        "The carrier does not know the office number, so it cannot be shown to patients.",
        f"Verify it: the carrier calls the office once ({_SETTINGS}).",
    )


def _attestation(number: ShownNumber, line: GatewayLine) -> Iterator[LineFinding]:
    if number.kind == "owned" and "attestation_a" in line.ticks:
        yield LineFinding(
            "attestation", Level.OK, "Attestation A is expected: the carrier vouches for calls."
        )
    elif number.kind == "owned":
        yield LineFinding(
            "attestation",
            Level.NOTE,
            "Attestation B is expected: the carrier knows who calls, and does not vouch for the "
            "number yet.",
            "For A: have a business profile approved in the carrier’s console, add its "
            "SHAKEN/STIR product, put the number in both. Then tick it here.",
        )
    elif number.kind == "verified":
        yield LineFinding(
            "attestation",
            Level.NOTE,
            "Attestation B at most: the office number is with another company, and only verified "
            "here. Some phones do not show such calls as verified.",
            "For A the number has to move to the carrier (porting or hosting).",
        )


def _authorization(line: GatewayLine) -> LineFinding:
    if line.authorized:
        words = "The practice has signed that its number may be shown."
        return LineFinding("authorization", Level.OK, words)
    return LineFinding(
        "authorization",
        Level.BLOCK,
        "The practice has not signed that its number may be shown.",
        f"Sign it once the number is verified ({_SETTINGS}).",
    )


def _papers(line: GatewayLine) -> Iterator[LineFinding]:
    if line.agreement:
        yield LineFinding("agreement", Level.OK, "The agreement with the carrier is on file.")
    else:
        yield LineFinding(
            "agreement",
            Level.BLOCK,
            "No business associate agreement with the carrier is on file.",
            "Sign it with the carrier, then let the administrator record it: coordinator-admin "
            "agreement sign carrier.",
        )
    if "hipaa_account" in line.ticks:
        yield LineFinding("hipaa_account", Level.OK, "The account is flagged for HIPAA.")
    else:
        yield LineFinding(
            "hipaa_account",
            Level.WARN,
            "Nobody has noted that the account is flagged as a HIPAA account at the carrier.",
            "Ask the carrier to flag the project and each subaccount after the agreement is "
            "signed. Then tick it here.",
        )


def _countries(countries: frozenset[str] | None, line: GatewayLine) -> LineFinding:
    allowed = frozenset(line.countries)
    where = "In the carrier’s console: voice, settings, geographic permissions."
    if countries is None:
        if "geo_us_only" in line.ticks:
            words = "The account calls only where the practice does."
            return LineFinding("geo", Level.OK, words)
        return LineFinding(
            "geo",
            Level.WARN,
            "The key may not tell which countries the account may call.",
            f"{where} Allow only those that the practice calls, then tick it here.",
        )
    if missing := allowed - countries:
        words = f"The account may not call everywhere the practice does: {_list(missing)} is off."
        level = Level.BLOCK if "US" in missing else Level.WARN
        return LineFinding("geo", level, words, where)
    if more := countries - allowed:
        return LineFinding(
            "geo",
            Level.WARN,
            f"The account may also call {_list(more)}. A stolen key could be used for that.",
            f"{where} Switch them off.",
        )
    return LineFinding("geo", Level.OK, "The account calls only where the practice does.")


def _recordings(line: GatewayLine) -> LineFinding:
    seen = "recordings_protected" in line.ticks or line.records_protected
    where = (
        "In the carrier’s console: voice, settings, HTTP basic authentication for media. Then tick "
        "it here, before any recording."
    )
    if seen:
        words = "Recordings at the carrier ask for a password (HTTP authentication is on)."
        return LineFinding("recordings", Level.OK, words)
    if line.records:
        words = "Calls are recorded, and nobody has noted that the carrier protects recordings."
        return LineFinding("recordings", Level.WARN, words, where)
    return LineFinding(
        "recordings",
        Level.NOTE,
        "Calls are not recorded. At the carrier, recordings are open to whoever knows their "
        "address until that is switched off.",
        where,
    )


def _softphone(account_sid: str, line: GatewayLine) -> LineFinding:
    if not line.softphone_account:
        return LineFinding(
            "softphone",
            Level.NOTE,
            "There is no key for phones in the program; coordinators use their own phones.",
            "If you want them: the administrator sets a key with coordinator-admin softphone set.",
        )
    if line.softphone_account != account_sid:
        return LineFinding(
            "softphone",
            Level.WARN,
            "The key for phones in the program is of another account than the line: such phones "
            "cannot be called.",
            "Set a key of this account: coordinator-admin softphone set.",
        )
    words = "Phones in the program sign in to the account of the line."
    return LineFinding("softphone", Level.OK, words)


def _heard(line: GatewayLine) -> LineFinding:
    if line.heard == "right":
        words = "A test call was heard and showed the office number."
        return LineFinding("test_call", Level.OK, words)
    if line.heard:
        words = "The last test call was not heard."
        if line.heard == "wrong_number":
            words = "The last test call showed another number."
        return LineFinding("test_call", Level.WARN, words, "Try it again from another phone.")
    return LineFinding(
        "test_call", Level.NOTE, "No test call has been made yet.", "Call your own phone once."
    )


def _list(countries: frozenset[str]) -> str:
    names = sorted(countries)
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"  # noqa: PLR2004
