"""``coordinator-admin user``: who signs in."""

# A command prints.

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from coordinator_app.cli.words import (
    command,
    password_option,
    read_password,
    tell_password,
    tell_training,
)
from coordinator_app.db import admin_people
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    add = command(commands, "add", _user_add, "make a login for a person")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as patients hear it")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--language", action="append", help="best first; may be given again")
    password_option(add)
    for name, run, words in (
        ("suspend", _user_suspend, "end a person's access at once"),
        ("resume", _user_resume, "let a suspended person work again"),
    ):
        command(commands, name, run, words).add_argument("login")
    reset = command(commands, "reset", _user_reset, "give a person another password")
    reset.add_argument("login")
    password_option(reset)
    train = command(commands, "train", _user_train, "record a training")
    train.add_argument("login")
    train.add_argument("--curriculum", default="HIPAA")
    train.add_argument("--version", default="1")
    train.add_argument("--completed", type=date.fromisoformat, metavar="YYYY-MM-DD")
    train.add_argument("--expires", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    command(commands, "list", _user_list, "show everybody")


def _user_add(options: argparse.Namespace) -> None:
    password, generated = read_password(options)
    admin_people.add_person(
        options.database,
        options.login,
        options.name,
        Role(options.role),
        languages=options.language or ["en"],
        password=password,
    )
    print(f"{options.name} may sign in as {options.login} ({options.role}).")
    tell_password(options.login, password, generated=generated)
    tell_training(options.login)


def _user_suspend(options: argparse.Namespace) -> None:
    ended = admin_people.set_active(options.database, options.login, active=False)
    sessions = "open sessions were ended" if ended else "open sessions can do nothing any more"
    print(f"{options.login} is suspended; {sessions}.")


def _user_resume(options: argparse.Namespace) -> None:
    admin_people.set_active(options.database, options.login, active=True)
    print(f"{options.login} may work again.")


def _user_reset(options: argparse.Namespace) -> None:
    password, generated = read_password(options)
    ended = admin_people.reset_password(options.database, options.login, password)
    sessions = "were ended" if ended else "could not be ended: suspend the login if it is misused"
    print(f"{options.login} has a new password; open sessions {sessions}.")
    tell_password(options.login, password, generated=generated)


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
