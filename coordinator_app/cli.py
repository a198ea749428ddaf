"""coordinator-admin: what a practice's administrator does on the server's side.

    coordinator-admin init postgresql://postgres@localhost/practice --name … --admin anna …
    coordinator-admin user add maya --name "Maya Chen" --role coordinator
    coordinator-admin import csv inactive.xlsx --dry-run

The database is named by ``--database``, else by libpq's variables (PGHOST, PGDATABASE, PGUSER,
PGPASSFILE …). Exit codes: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app import __version__
from coordinator_app.db import admin_import, admin_people, admin_practice
from coordinator_app.db.migrate import migrate, program_schema
from coordinator_app.domain.person import Role
from coordinator_app.domain.phone import PhoneNumber
from coordinator_app.errors import RefusedError, UserFacingError
from coordinator_app.practice_systems.fhir_ndjson import read_fhir_directory
from coordinator_app.practice_systems.spreadsheet import read_export

if TYPE_CHECKING:
    from collections.abc import Sequence

_VISIT_TYPES = [("Follow-up", 30), ("Annual visit", 45), ("New patient", 60), ("Telehealth", 30)]
_NUMBERS = ("months-inactive-min", "months-inactive-max", "age-min", "age-max")
_FLAGS = ("care-gap", "missed-only", "paying-only")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except UserFacingError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    return 0


# ------------------------------------------------------------------------------------ commands


def _init(options: argparse.Namespace) -> None:
    number = PhoneNumber.parse(options.office_number)
    password, generated = _password(options)
    # Before anything is written: a weak password must not leave half a practice.
    admin_people.check_login(options.admin)
    admin_people.check_password(password, options.admin)
    report = migrate(options.database)
    new = admin_practice.NewPractice(
        name=options.name,
        voicemail_name=options.voicemail_name or options.name,
        office_number=number.e164,
        office_hours=options.office_hours,
        address=options.address,
        state=options.state.upper(),
        zone=options.zone,
        visit_types=tuple(options.visit_type or _VISIT_TYPES),
    )
    admin_practice.create_practice(options.database, new)
    if options.signed_by:
        evidence = options.evidence or "Stated at installation"
        admin_practice.authorize_caller_id(options.database, options.signed_by, evidence)
    else:
        print(
            "No call can be placed yet: nobody has signed for showing the office number. Use "
            "coordinator-admin caller-id authorize --signed-by NAME."
        )
    admin_people.add_person(
        options.database,
        options.admin,
        options.admin_name,
        Role.ADMINISTRATOR,
        languages=["en"],
        password=password,
    )
    print(
        f"{options.name} is installed (schema {report.schema}, PostgreSQL {report.server_version})."
    )
    _tell_password(options.admin, password, generated=generated)
    for advice in admin_practice.server_advice(options.database):
        print(advice)


def _upgrade(options: argparse.Namespace) -> None:
    report = migrate(options.database)
    if report.applied:
        print(f"Upgraded from schema {report.schema_before} to {report.schema}.")
    else:
        print(f"Schema {report.schema} is the newest; its functions and rights were renewed.")
    for advice in admin_practice.server_advice(options.database):
        print(advice)


def _user_add(options: argparse.Namespace) -> None:
    password, generated = _password(options)
    admin_people.add_person(
        options.database,
        options.login,
        options.name,
        Role(options.role),
        languages=options.language or ["en"],
        password=password,
    )
    print(f"{options.name} may sign in as {options.login} ({options.role}).")
    _tell_password(options.login, password, generated=generated)
    if options.role in {Role.COORDINATOR, Role.SUPERVISOR}:
        print(
            f"Before the first call: coordinator-admin user train {options.login} --expires DATE."
        )


def _user_suspend(options: argparse.Namespace) -> None:
    ended = admin_people.set_active(options.database, options.login, active=False)
    sessions = "open sessions were ended" if ended else "open sessions can do nothing any more"
    print(f"{options.login} is suspended; {sessions}.")


def _user_resume(options: argparse.Namespace) -> None:
    admin_people.set_active(options.database, options.login, active=True)
    print(f"{options.login} may work again.")


def _user_reset(options: argparse.Namespace) -> None:
    password, generated = _password(options)
    ended = admin_people.reset_password(options.database, options.login, password)
    sessions = "were ended" if ended else "could not be ended: suspend the login if it is misused"
    print(f"{options.login} has a new password; open sessions {sessions}.")
    _tell_password(options.login, password, generated=generated)


def _user_train(options: argparse.Namespace) -> None:
    admin_people.record_training(
        options.database,
        options.login,
        options.curriculum,
        options.version,
        completed=options.completed,
        expires=options.expires,
    )
    print(f"{options.login}: {options.curriculum}, valid until {options.expires}.")


def _user_list(options: argparse.Namespace) -> None:
    for person in admin_people.list_people(options.database):
        state = "active" if person.active else "suspended"
        training = f"{person.training} until {person.training_expires}"
        print(
            f"{person.login:<20} {person.role:<14} {state:<10} "
            f"{training if person.training else 'no training':<30} {person.name}"
        )


def _gateway_add(options: argparse.Namespace) -> None:
    password, generated = _password(options)
    admin_people.add_gateway_login(options.database, options.login, password)
    print(f"The gateway may sign in as {options.login}.")
    _tell_password(options.login, password, generated=generated)


def _caller_id(options: argparse.Namespace) -> None:
    admin_practice.authorize_caller_id(options.database, options.signed_by, options.evidence)
    print("The office number may be shown as the caller for one year from today.")


def _import_fhir(options: argparse.Namespace) -> None:
    source = options.source or "fhir"
    result = admin_import.import_fhir(
        options.database,
        lambda today, zone: read_fhir_directory(
            options.path, today=today, source=source, zone=zone
        ),
        source=source,
        file_name=options.path.name,
        dry_run=options.dry_run,
    )
    _tell_import(options, result)


def _import_csv(options: argparse.Namespace) -> None:
    source = options.source or "spreadsheet"
    result = admin_import.import_spreadsheet(
        options.database,
        lambda today: read_export(options.path, today=today, source=source),
        source=source,
        file_name=options.path.name,
        dry_run=options.dry_run,
    )
    _tell_import(options, result)


def _campaign_create(options: argparse.Namespace) -> None:
    rule: dict[str, int | bool] = {}
    for name in (*_NUMBERS, *_FLAGS):
        key = name.replace("-", "_")
        value = getattr(options, key)
        if value is not None and value is not False:
            rule[key] = value
    admin_practice.create_campaign(
        options.database, options.name, options.script, options.purpose, rule
    )
    _campaign_list(options)


def _campaign_list(options: argparse.Namespace) -> None:
    for campaign in admin_practice.list_campaigns(options.database):
        print(f"{campaign.open_entries:>8,} in the queue  {campaign.status:<8} {campaign.name}")


def _campaign_refresh(options: argparse.Namespace) -> None:
    counts = admin_practice.refresh_campaign(options.database, options.name)
    print(
        f"{options.name}: {counts['added']} added, {counts['refreshed']} refreshed, "
        f"{counts['closed']} closed."
    )


def _version(_: argparse.Namespace) -> None:
    print(f"coordinator-admin {__version__}, schema {program_schema()}")


# --------------------------------------------------------------------------------------- words


def _password(options: argparse.Namespace) -> tuple[str, bool]:
    """Return the password and whether we made it up."""
    if not options.password_stdin:
        return admin_people.new_password(), True
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RefusedError("No password came on standard input.", name="no_password")
    return password, False


def _tell_password(login: str, password: str, *, generated: bool) -> None:
    if generated:
        print(f"Password of {login} (shown only now): {password}")


def _tell_import(options: argparse.Namespace, result: admin_import.ImportResult) -> None:
    if options.json:
        print(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
    else:
        print(result.to_text())


# ----------------------------------------------------------------------------------- arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coordinator-admin", description="Administers a practice's Care Coordinator database."
    )
    parser.add_argument(
        "--database", default="", metavar="URL", help="default: PGHOST, PGDATABASE, PGUSER …"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = _command(commands, "init", _init, "make a practice in an empty database")
    init.add_argument("database", metavar="CONNINFO", nargs="?", default=argparse.SUPPRESS)
    init.add_argument("--name", required=True, help="the practice's name")
    init.add_argument("--voicemail-name", default="", help="said to machines; no specialty in it")
    init.add_argument("--office-number", required=True, help="shown to patients as the caller")
    init.add_argument("--office-hours", default="Monday to Friday, 9 AM to 5 PM")
    init.add_argument("--address", default="")
    init.add_argument("--state", required=True, help="two letters")
    init.add_argument("--zone", required=True, help="time zone, like America/New_York")
    init.add_argument("--visit-type", action="append", type=_visit_type, metavar="NAME:MINUTES")
    init.add_argument("--signed-by", default="", help="who lets the office number be shown")
    init.add_argument("--evidence", default="", help="where that is written")
    init.add_argument("--admin", required=True, metavar="LOGIN", help="the first administrator")
    init.add_argument("--admin-name", required=True, metavar="NAME")
    _password_option(init)
    _command(commands, "upgrade", _upgrade, "bring the database to this program's schema")
    _command(commands, "version", _version, "show the versions of program and schema")
    _user_commands(_group(commands, "user", "people who sign in"))
    gateway = _group(commands, "gateway", "the headless process that places calls")
    gateway_add = _command(gateway, "add", _gateway_add, "make its login")
    gateway_add.add_argument("login")
    _password_option(gateway_add)
    caller_id = _group(commands, "caller-id", "the number that patients see")
    authorize = _command(caller_id, "authorize", _caller_id, "let the office number be shown")
    authorize.add_argument("--signed-by", required=True)
    authorize.add_argument("--evidence", required=True, help="where that is written")
    _import_commands(_group(commands, "import", "patients from the practice's system"))
    _campaign_commands(_group(commands, "campaign", "who is to be called back"))
    return parser


if TYPE_CHECKING:
    from collections.abc import Callable

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - unnamed elsewhere


def _group(commands: _Commands, name: str, words: str) -> _Commands:
    group = commands.add_parser(name, help=words, description=words)
    return group.add_subparsers(required=True, metavar="COMMAND")


def _command(
    commands: _Commands, name: str, run: Callable[[argparse.Namespace], None], words: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def _user_commands(commands: _Commands) -> None:
    add = _command(commands, "add", _user_add, "make a login for a person")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as patients hear it")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--language", action="append", help="best first; may be given again")
    _password_option(add)
    for name, run, words in (
        ("suspend", _user_suspend, "end a person's access at once"),
        ("resume", _user_resume, "let a suspended person work again"),
    ):
        _command(commands, name, run, words).add_argument("login")
    reset = _command(commands, "reset", _user_reset, "give a person another password")
    reset.add_argument("login")
    _password_option(reset)
    train = _command(commands, "train", _user_train, "record a training")
    train.add_argument("login")
    train.add_argument("--curriculum", default="HIPAA")
    train.add_argument("--version", default="1")
    train.add_argument("--completed", type=date.fromisoformat, metavar="YYYY-MM-DD")
    train.add_argument("--expires", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    _command(commands, "list", _user_list, "show everybody")


def _import_commands(commands: _Commands) -> None:
    for name, run, what in (
        ("fhir", _import_fhir, "a folder of FHIR R4 NDJSON"),
        ("csv", _import_csv, "a CSV, TSV or workbook of inactive patients"),
    ):
        command = _command(commands, name, run, f"import {what}; twice changes nothing")
        command.add_argument("path", type=Path)
        command.add_argument("--source", type=_source, help="the system that it came from")
        command.add_argument("--dry-run", action="store_true", help="report, write nothing")
        command.add_argument("--json", action="store_true", help="the report for a program")


def _campaign_commands(commands: _Commands) -> None:
    create = _command(commands, "create", _campaign_create, "make a campaign and fill its queue")
    create.add_argument("name")
    create.add_argument("--script", default="recall", help="name of the script")
    create.add_argument(
        "--purpose",
        default="RECALL",
        choices=["APPT", "RECALL", "CAREGAP", "SDOH", "ANNOUNCE", "PROMO"],
    )
    for number in _NUMBERS:
        create.add_argument(f"--{number}", type=int)
    for flag in _FLAGS:
        create.add_argument(f"--{flag}", action="store_true")
    _command(commands, "list", _campaign_list, "show all campaigns")
    refresh = _command(commands, "refresh", _campaign_refresh, "bring the queue up to date")
    refresh.add_argument("name")


def _password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; else one is made up and shown once",
    )


def _visit_type(text: str) -> tuple[str, int]:
    name, _, minutes = text.rpartition(":")
    if not name or not minutes.isdecimal() or not 5 <= int(minutes) <= 240:  # noqa: PLR2004
        raise argparse.ArgumentTypeError("write NAME:MINUTES, with 5 to 240 minutes")
    return name, int(minutes)


def _source(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,39}", text):
        raise argparse.ArgumentTypeError("small letters, digits, dots, hyphens, at most 40")
    return text


if __name__ == "__main__":
    sys.exit(main())
