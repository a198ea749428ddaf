"""``coordinator-admin user``: who signs in."""

# A command prints.

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from coordinator_app.cli.words import (
    command,
    password_option,
    read_password,
    tell_factor,
    tell_password,
    tell_training,
)
from coordinator_app.db import admin_credentials, admin_factor, admin_people
from coordinator_app.domain.person import CredentialKind, Role

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from coordinator_app.cli.words import Commands
    from coordinator_app.domain.person import PersonRow


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
        access = command(commands, name, run, words)
        access.add_argument("login")
        access.add_argument("--reason", default="", help="kept in the audit")
    for name, run, words in (
        ("factor", _user_factor, "set up a person's authenticator app, or another one"),
        ("unlock", _user_unlock, "end the lock of a login after wrong passwords"),
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
    certify = command(commands, "certify", _user_certify, "record a tested language or a script")
    certify.add_argument("login")
    what = certify.add_mutually_exclusive_group(required=True)
    what.add_argument("--script", metavar="NAME", help="as in the campaign")
    what.add_argument("--language", metavar="CODE", help="es for Spanish")
    certify.add_argument("--expires", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    certify.add_argument("--evidence", default="", help="where that is written")
    for name, run, words in (
        ("assign", _user_assign, "let a person work a campaign"),
        ("unassign", _user_unassign, "take a campaign from a person"),
    ):
        campaign = command(commands, name, run, words)
        campaign.add_argument("login")
        campaign.add_argument("campaign")
    works = command(commands, "works-in", _user_works_in, "say in which state a person works")
    works.add_argument("login")
    works.add_argument("state", help='two letters, such as PA; "" when it is not known')
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
    if admin_factor.is_required(options.database, Role(options.role)):
        tell_factor(options.login, admin_factor.enroll(options.database, options.login))
    tell_training(options.login)


def _user_suspend(options: argparse.Namespace) -> None:
    ended = admin_people.set_active(
        options.database, options.login, active=False, reason=options.reason
    )
    sessions = "open sessions were ended" if ended else "open sessions can do nothing any more"
    print(f"{options.login} is suspended; {sessions}.")


def _user_resume(options: argparse.Namespace) -> None:
    admin_people.set_active(options.database, options.login, active=True, reason=options.reason)
    print(f"{options.login} may work again.")


def _user_factor(options: argparse.Namespace) -> None:
    tell_factor(options.login, admin_factor.enroll(options.database, options.login))
    print("An app that was set up before shows no valid code any more.")


def _user_unlock(options: argparse.Namespace) -> None:
    locked = admin_people.unlock_login(options.database, options.login)
    print(f"{options.login} {'is unlocked' if locked else 'was not locked'}.")


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


def _user_certify(options: argparse.Namespace) -> None:
    kind = CredentialKind.SCRIPT if options.script else CredentialKind.LANGUAGE
    name = options.script or options.language
    admin_credentials.certify(
        options.database,
        options.login,
        kind,
        name,
        expires=options.expires,
        evidence=options.evidence,
    )
    print(f"{options.login}: {kind.value} {name}, valid until {options.expires}.")


def _user_assign(options: argparse.Namespace) -> None:
    new = admin_credentials.assign(options.database, options.login, options.campaign)
    print(f"{options.login} {'works' if new else 'worked already on'} {options.campaign}.")


def _user_unassign(options: argparse.Namespace) -> None:
    had = admin_credentials.unassign(options.database, options.login, options.campaign)
    print(f"{options.login} {'no longer works' if had else 'did not work on'} {options.campaign}.")


def _user_works_in(options: argparse.Namespace) -> None:
    state = options.state.upper()
    admin_people.set_work_state(options.database, options.login, state)
    print(f"{options.login} works in {state or 'a state that is not on file'}.")


def _user_list(options: argparse.Namespace) -> None:
    for row in admin_people.list_people(options.database):
        person = row.person
        training = f"{row.training} until {row.training_expires}"
        print(
            f"{person.login:<20} {person.role:<14} {_state(row):<18} "
            f"{training if row.training else 'no training':<30} {person.name}"
        )
        for line in _more(row):
            print(f"{'':<20} {line}")


def _state(row: PersonRow) -> str:
    if not row.active:
        return "suspended"
    return f"locked {row.locked_minutes} min" if row.locked_minutes else "active"


def _more(row: PersonRow) -> Iterator[str]:
    if row.training and row.training_problem:
        yield row.training_problem
    for one in row.credentials:
        until = "expired" if one.expired else "valid until"
        yield f"{one.kind.value} {one.name}: {until} {one.expires_on}"
    if row.campaigns:
        yield f"campaigns: {', '.join(row.campaigns)}"
    if row.second_factor:
        yield "authenticator app: set up"
