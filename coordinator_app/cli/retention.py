"""``coordinator-admin purge``: what may go, and only that."""

# A command prints.

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command
from coordinator_app.db import admin_retention

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    purge = command(commands, "purge", _purge, "remove records that were kept long enough")
    purge.add_argument(
        "retention_class",
        metavar="CLASS",
        choices=admin_retention.CLASSES,
        help=f"one of {', '.join(admin_retention.CLASSES)}",
    )
    purge.add_argument("--before", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    purge.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def _purge(options: argparse.Namespace) -> None:
    name, dry_run = options.retention_class, options.dry_run
    found = admin_retention.purge(options.database, name, options.before, dry_run=dry_run)
    words = "would be removed" if dry_run else "removed"
    if not found.removed:
        print(f"{name}: nothing from before {found.before} is left.")
        return
    for table, count in found.removed.items():
        print(f"{table}: {count:,} {'row' if count == 1 else 'rows'} {words}")
    if name == "opt_out":
        print(
            "Patients whose opt-out goes can be called again, unless another one stands. Ask the "
            "practice first."
        )
    if not dry_run:
        print(f"The audit names this purge. {name} is kept {found.years} years.")
