"""``coordinator-admin training``: which trainings a role needs."""

# A command prints.

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.cli.words import command
from coordinator_app.db import admin_credentials
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    require = command(commands, "require", _require, "let a role need a training from today on")
    release = command(commands, "release", _release, "let a role need it no longer")
    for parser in (require, release):
        parser.add_argument("role", choices=[role.value for role in Role])
        parser.add_argument("curriculum")
    require.add_argument("--version", default="", help="this one or a newer one; default: any")


def _require(options: argparse.Namespace) -> None:
    lacking = admin_credentials.require_training(
        options.database, Role(options.role), options.curriculum, options.version
    )
    version = f", version {options.version} or newer" if options.version else ""
    print(f"{options.role} needs {options.curriculum}{version}.")
    if lacking:
        print(f"{lacking} of them cannot work until it is recorded: coordinator-admin user train.")


def _release(options: argparse.Namespace) -> None:
    had = admin_credentials.release_training(
        options.database, Role(options.role), options.curriculum
    )
    print(f"{options.role} {'no longer needs' if had else 'did not need'} {options.curriculum}.")
