"""coordinator-admin: what a practice's administrator does on the server's side.

    coordinator-admin init postgresql://postgres@localhost/practice --name … --admin anna …
    coordinator-admin user add maya --name "Maya Chen" --role coordinator
    coordinator-admin import csv inactive.xlsx --dry-run
    coordinator-admin schedule set "Dr. Okafor" --days mon-fri --hours 08:00-17:00

The database is named by ``--database``, else by libpq's variables (PGHOST, PGDATABASE, PGUSER,
PGPASSFILE …). Exit codes: 0 done, 1 refused or failed (one sentence on stderr), 2 wrong usage.
"""

# A command prints.

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from coordinator_app import __version__
from coordinator_app.cli import (
    guard,
    line,
    patients,
    people,
    retention,
    rules,
    schedule,
    server,
    softphone,
    training,
)
from coordinator_app.cli.words import (
    command,
    group,
    password_option,
    read_password,
    tell_factor,
    tell_password,
    tell_training,
)
from coordinator_app.db import admin_factor, admin_people, admin_practice
from coordinator_app.db.migrate import migrate, program_schema
from coordinator_app.db.upgrade import seal_rules, upgrade
from coordinator_app.domain.person import Role
from coordinator_app.domain.phone import PhoneNumber
from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Sequence

_VISIT_TYPES = [("Follow-up", 30), ("Annual visit", 45), ("New patient", 60), ("Telehealth", 30)]


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
    password, generated = read_password(options)
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
    tell_password(options.admin, password, generated=generated)
    tell_factor(options.admin, admin_factor.enroll(options.database, options.admin))
    tell_training(options.admin)
    seal_rules(options.database, "installed")
    server.tell_failures(options.database)


def _upgrade(options: argparse.Namespace) -> None:
    report = upgrade(options.database)
    if report.applied:
        print(f"Upgraded from schema {report.schema_before} to {report.schema}.")
    else:
        print(f"Schema {report.schema} is the newest; its functions and rights were renewed.")
    server.tell_failures(options.database)


def _gateway_add(options: argparse.Namespace) -> None:
    password, generated = read_password(options)
    admin_people.add_gateway_login(options.database, options.login, password)
    print(f"The gateway may sign in as {options.login}.")
    tell_password(options.login, password, generated=generated)


def _gateway_reset(options: argparse.Namespace) -> None:
    password, generated = read_password(options)
    admin_people.reset_gateway(options.database, options.login, password)
    print(f"The gateway's login {options.login} has a new password.")
    tell_password(options.login, password, generated=generated)


def _caller_id(options: argparse.Namespace) -> None:
    admin_practice.authorize_caller_id(options.database, options.signed_by, options.evidence)
    print("The office number may be shown as the caller for one year from today.")


def _version(_: argparse.Namespace) -> None:
    print(f"coordinator-admin {__version__}, schema {program_schema()}")


# ----------------------------------------------------------------------------------- arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coordinator-admin", description="Administers a practice's Care Coordinator database."
    )
    parser.add_argument(
        "--database", default="", metavar="URL", help="default: PGHOST, PGDATABASE, PGUSER …"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = command(commands, "init", _init, "make a practice in an empty database")
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
    password_option(init)
    command(commands, "upgrade", _upgrade, "bring the database to this program's schema")
    command(commands, "version", _version, "show the versions of program and schema")
    people.declare(group(commands, "user", "people who sign in"))
    training.declare(group(commands, "training", "what each role must have learned"))
    guard.declare(commands)
    gateway = group(commands, "gateway", "the headless process that places calls")
    gateway_add = command(gateway, "add", _gateway_add, "make its login")
    gateway_reset = command(gateway, "reset", _gateway_reset, "give its login another password")
    for either in (gateway_add, gateway_reset):
        either.add_argument("login")
        password_option(either)
    caller_id = group(commands, "caller-id", "the number that patients see")
    authorize = command(caller_id, "authorize", _caller_id, "let the office number be shown")
    authorize.add_argument("--signed-by", required=True)
    authorize.add_argument("--evidence", required=True, help="where that is written")
    softphone.declare(group(commands, "softphone", "the key for phones in the program"))
    line.declare(group(commands, "line", "the phone line"))
    rules.declare_agreement(group(commands, "agreement", "contracts with those who hold data"))
    rules.declare_rules(group(commands, "rules", "hours, caps and limits, as dated rows"))
    rules.declare_numbers(group(commands, "numbers", "what is known about telephone numbers"))
    patients.declare_import(group(commands, "import", "patients from the practice's system"))
    schedule.declare_practitioner(group(commands, "practitioner", "who patients are seen by"))
    schedule.declare_schedule(group(commands, "schedule", "when they can be booked"))
    server.declare(commands)
    patients.declare_campaign(group(commands, "campaign", "who is to be called back"))
    retention.declare(commands)
    return parser


def _visit_type(text: str) -> tuple[str, int]:
    name, _, minutes = text.rpartition(":")
    if not name or not minutes.isdecimal() or not 5 <= int(minutes) <= 240:  # noqa: PLR2004
        raise argparse.ArgumentTypeError("write NAME:MINUTES, with 5 to 240 minutes")
    return name, int(minutes)
