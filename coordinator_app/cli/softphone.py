"""``coordinator-admin softphone``: the carrier's key with which the database signs tokens."""

# A command prints.

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command
from coordinator_app.db import admin_softphone
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands

_LONGEST = 400


def declare(commands: Commands) -> None:
    keep = command(commands, "set", _set, "keep the key; its secret is read from standard input")
    keep.add_argument("--account", required=True, metavar="AC…", help="the account’s SID")
    keep.add_argument("--key", required=True, metavar="SK…", help="the API key’s SID")
    command(commands, "clear", _clear, "forget the key; no softphone gets a token any more")
    command(commands, "status", _status, "show which key signs, never its secret")


def _set(options: argparse.Namespace) -> None:
    # Not an argument: every user of the machine sees those, and the shell keeps them.
    if sys.stdin.isatty():
        secret = getpass.getpass("Secret of the key: ")
    else:
        secret = sys.stdin.readline(_LONGEST).rstrip("\r\n")
    if not secret:
        raise RefusedError("No secret came on standard input.", name="no_secret")
    key = admin_softphone.set_key(options.database, options.account, options.key, secret)
    print(f"Softphone tokens are signed with key {key.key_sid} from now on.")


def _clear(options: argparse.Namespace) -> None:
    if admin_softphone.clear_key(options.database):
        print("The key is forgotten. Delete it in the carrier’s console as well.")
    else:
        print("There was no key.")


def _status(options: argparse.Namespace) -> None:
    key = admin_softphone.key_status(options.database)
    if not key.key_sid or key.set_at is None:
        print("No key is set. The in-app softphone cannot be used on a real phone line.")
        return
    print(
        f"Account {key.account_sid}, key {key.key_sid}, set {key.set_at:%Y-%m-%d} by {key.set_by}."
    )
