"""``coordinator-admin rules``, ``numbers``, ``agreement``: what the dial gate stands on."""

# A command prints.

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command
from coordinator_app.db import admin_practice, admin_rules
from coordinator_app.domain.phone import PhoneNumber
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands

_DAY = "YYYY-MM-DD"


def declare_rules(commands: Commands) -> None:
    shown = command(commands, "list", _rules_list, "show the rules in force on a day")
    shown.add_argument("--on", type=date.fromisoformat, metavar=_DAY, help="default: today")
    shown.add_argument("--state", default="", help="two letters; * for those of no state")
    changed = command(commands, "set", _rules_set, "let a number be another from a day on")
    changed.add_argument("rule", help="as rules list names it, in small letters: cap_week")
    changed.add_argument("number", type=int)
    changed.add_argument("--state", default="*", help="two letters, for one state only")
    changed.add_argument("--from", dest="since", type=date.fromisoformat, metavar=_DAY)
    changed.add_argument("--citation", required=True, help="the law or the decision behind it")
    load = command(commands, "load", _rules_load, "take in a pack of rules, all or nothing")
    load.add_argument("path", type=Path)
    load.add_argument("--sha256", default="", help="as announced; another content is refused")
    load.add_argument("--dry-run", action="store_true", help="check, change nothing")
    out = command(commands, "blackout", _blackout, "let nobody be called on a day")
    out.add_argument("day", type=date.fromisoformat, metavar=_DAY)
    out.add_argument("--state", default="*", help="two letters; default: everywhere")
    out.add_argument("--reason", required=True)


def declare_numbers(commands: Commands) -> None:
    for name, run, words in (
        ("dnc", _numbers_dnc, "record a scrub against the do-not-call list: NUMBER,yes|no"),
        (
            "reassigned",
            _numbers_reassigned,
            "record Reassigned Numbers Database answers: NUMBER,yes|no|no_data",
        ),
    ):
        added = command(commands, name, run, words)
        added.add_argument("path", type=Path, help="CSV without a header")
        added.add_argument("--on", type=date.fromisoformat, metavar=_DAY, help="day of the answer")
    private = command(
        commands, "confidential", _confidential, "record how a patient asked to be reached"
    )
    private.add_argument("patient", help="the patient's number in the practice's system, or MRN")
    how = private.add_mutually_exclusive_group(required=True)
    how.add_argument("--number", help="call on this number only")
    how.add_argument("--no-telephone", action="store_true", help="do not call at all")
    how.add_argument("--withdrawn", action="store_true", help="the request no longer holds")
    private.add_argument("--voicemail", choices=["V0", "V1", "V2"], default="V0")


def declare_agreement(commands: Commands) -> None:
    sign = command(commands, "sign", _sign, "record a business associate contract, for a year")
    sign.add_argument("kind", choices=["carrier", "hosting", "coordinators", "mail", "other"])
    sign.add_argument("--vendor", required=True)
    sign.add_argument("--signed-by", required=True)
    sign.add_argument("--evidence", required=True, help="where the contract is")


def _rules_list(options: argparse.Namespace) -> None:
    version, rules = admin_rules.list_rules(
        options.database, on=options.on, state=options.state.upper()
    )
    print(f"Rule pack {version}")
    for rule in rules:
        print(f"{rule.id:<32} {rule.words:<8} {rule.citation}")


def _rules_set(options: argparse.Namespace) -> None:
    admin_rules.set_rule(
        options.database,
        options.rule.lower(),
        options.number,
        state=options.state.upper(),
        since=options.since,
        citation=options.citation,
    )
    print(f"{options.rule} is {options.number} from {options.since or 'today'} on.")


def _rules_load(options: argparse.Namespace) -> None:
    pack = admin_rules.read_pack(options.path, options.sha256)
    counts = admin_rules.load_pack(options.database, pack, dry_run=options.dry_run)
    told = ", ".join(f"{count} {part}" for part, count in counts.items())
    print(
        f"Pack {pack.version}: {told}. {'Nothing was changed.' if options.dry_run else 'Loaded.'}"
    )
    print(f"SHA-256 {pack.sha256}")


def _blackout(options: argparse.Namespace) -> None:
    admin_rules.black_out(options.database, options.state.upper(), options.day, options.reason)
    print(f"Nobody is called on {options.day} ({options.state}).")


def _numbers_dnc(options: argparse.Namespace) -> None:
    _numbers(options, "dnc")


def _numbers_reassigned(options: argparse.Namespace) -> None:
    _numbers(options, "reassigned")


def _numbers(options: argparse.Namespace, kind: str) -> None:
    try:
        with options.path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row[0], row[1]) for row in csv.reader(file) if len(row) > 1]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ConfigurationError(
            f"{options.path.name} cannot be read as CSV in UTF-8.", name="bad_file"
        ) from None
    count, bad = admin_rules.record_numbers(options.database, kind, rows, checked_on=options.on)
    print(f"{count:,} numbers recorded.")
    if bad:
        print(f"{bad:,} lines were no number with an answer; they were left out.")


def _confidential(options: argparse.Namespace) -> None:
    number = PhoneNumber.parse(options.number) if options.number else None
    admin_rules.record_confidential(
        options.database, options.patient, number, options.voicemail, withdrawn=options.withdrawn
    )
    print("Recorded. It passes every other contact fact from now on.")


def _sign(options: argparse.Namespace) -> None:
    admin_practice.sign_agreement(
        options.database, options.kind, options.vendor, options.signed_by, options.evidence
    )
    print(f"The agreement with {options.vendor} is on file for one year from today.")
