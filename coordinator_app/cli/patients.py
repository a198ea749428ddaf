"""``coordinator-admin import`` and ``campaign``: who comes in, and who is to be called back."""

# A command prints.

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command, source
from coordinator_app.db import admin_import, admin_practice
from coordinator_app.practice_systems.fhir_ndjson import read_fhir_directory
from coordinator_app.practice_systems.spreadsheet import read_export

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands

SPREADSHEET = "spreadsheet"  # the system of a file that names none
_NUMBERS = ("months-inactive-min", "months-inactive-max", "age-min", "age-max")
_FLAGS = ("care-gap", "missed-only", "paying-only")


def declare_import(commands: Commands) -> None:
    for name, run, what in (
        ("fhir", _import_fhir, "a folder of FHIR R4 NDJSON"),
        ("csv", _import_csv, "a CSV, TSV or workbook of inactive patients"),
    ):
        added = command(commands, name, run, f"import {what}; twice changes nothing")
        added.add_argument("path", type=Path)
        added.add_argument("--source", type=source, help="the system that it came from")
        added.add_argument("--dry-run", action="store_true", help="report, write nothing")
        added.add_argument("--json", action="store_true", help="the report for a program")


def declare_campaign(commands: Commands) -> None:
    create = command(commands, "create", _campaign_create, "make a campaign and fill its queue")
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
    for term, words in (
        ("assigned-only", "only who is assigned works it (user assign)"),
        ("needs-certification", "only who is certified in its script (user certify)"),
        ("neutral", "no condition and no kind of visit on the screen"),
        ("third-party-payment", "somebody else pays: a patient's authorization is needed"),
    ):
        create.add_argument(f"--{term}", action="store_true", help=words)
    command(commands, "list", _campaign_list, "show all campaigns")
    refresh = command(commands, "refresh", _campaign_refresh, "bring the queue up to date")
    refresh.add_argument("name")


def _import_fhir(options: argparse.Namespace) -> None:
    system = options.source or "fhir"
    result = admin_import.import_fhir(
        options.database,
        lambda today, zone: read_fhir_directory(
            options.path, today=today, source=system, zone=zone
        ),
        source=system,
        file_name=options.path.name,
        dry_run=options.dry_run,
    )
    _tell_import(options, result)


def _import_csv(options: argparse.Namespace) -> None:
    system = options.source or SPREADSHEET
    result = admin_import.import_spreadsheet(
        options.database,
        lambda today: read_export(options.path, today=today, source=system),
        source=system,
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
        options.database,
        options.name,
        options.script,
        options.purpose,
        rule,
        terms=admin_practice.CampaignTerms(
            assigned_only=options.assigned_only,
            needs_certification=options.needs_certification,
            shows_clinical=not options.neutral,
            third_party_payment=options.third_party_payment,
        ),
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


def _tell_import(options: argparse.Namespace, result: admin_import.ImportResult) -> None:
    if options.json:
        print(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
    else:
        print(result.to_text())
