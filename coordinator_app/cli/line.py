"""``coordinator-admin line``: what an administrator sets for the phone line."""

# A command prints.

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.cli.words import command
from coordinator_app.db import admin_line

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    countries = command(
        commands, "countries", _countries, "let the line call these countries and no others"
    )
    countries.add_argument(
        "country",
        nargs="+",
        help="two letters: US; its territories (PR, VI, GU, AS, MP) and Canada (CA) are others",
    )


def _countries(options: argparse.Namespace) -> None:
    allowed = admin_line.allow_countries(options.database, options.country)
    print(f"The line may call: {', '.join(allowed)}. Allow the same at the carrier.")
