"""What the commands share: how they are declared, and what they ask and tell."""

# A command prints.

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from coordinator_app.db import admin_people
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from coordinator_app.db.admin_factor import Enrollment

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - unnamed elsewhere


def group(commands: Commands, name: str, words: str) -> Commands:
    """Declare a word that commands follow."""
    parser = commands.add_parser(name, help=words, description=words)
    return parser.add_subparsers(required=True, metavar="COMMAND")


def command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], words: str
) -> argparse.ArgumentParser:
    """Declare a command and what it runs."""
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser


def password_option(parser: argparse.ArgumentParser) -> None:
    """Let a command take a password."""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; else one is made up and shown once",
    )


def read_password(options: argparse.Namespace) -> tuple[str, bool]:
    """Return the password and whether we made it up."""
    if not options.password_stdin:
        return admin_people.new_password(), True
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise RefusedError("No password came on standard input.", name="no_password")
    return password, False


def tell_password(login: str, password: str, *, generated: bool) -> None:
    """Show a password that we made up."""
    if generated:
        print(f"Password of {login} (shown only now): {password}")


def tell_factor(login: str, enrollment: Enrollment) -> None:
    """Show what goes into the person's authenticator app."""
    print(f"Authenticator app of {login} (shown only now; as a QR code, or typed in):")
    print(f"  {enrollment.url}")
    print(f"  Key: {enrollment.key} (time-based, six digits, 30 seconds)")


def tell_training(login: str) -> None:
    """Say what a new login still lacks: nobody signs in untrained (45 CFR 164.530(b))."""
    print(f"Before the first sign-in: coordinator-admin user train {login} --expires DATE.")


def source(text: str) -> str:
    """Check the name of a system that records come from."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,39}", text):
        raise argparse.ArgumentTypeError("small letters, digits, dots, hyphens, at most 40")
    return text
