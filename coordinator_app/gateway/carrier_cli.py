"""``coordinator-gateway set-carrier`` and its like: the account in this computer's vault.

The secret comes from standard input or is typed without being shown: never an argument and never
the environment, where other programs of the computer see it.
"""

from __future__ import annotations

import getpass
from typing import TextIO

from coordinator_app.domain.sealed import CarrierKey
from coordinator_app.errors import ConfigurationError
from coordinator_app.gateway.carrier_account import problem_with, secret_key
from coordinator_app.ports import SecretStore

COMMANDS = ("set-carrier", "show-carrier", "forget-carrier")
_LONGEST = 4096


def run(command: str, name: str, vault: SecretStore, stdin: TextIO) -> int:
    """Do one of ``COMMANDS`` on the vault's entry of this name.

    Raises ConfigurationError when there is no vault, or what was given is no account.
    """
    if why := vault.available():
        raise ConfigurationError(
            f"{why} Use the service’s credential “carrier” instead, or enter the account in the "
            "window (docs/administrator.md).",
            name="no_vault",
        )
    if command == "set-carrier":
        return _set(name, vault, stdin)
    if command == "show-carrier":
        return _show(name, vault)
    vault.delete(secret_key(name))
    print(f"The account “{name}” is not in this computer’s vault any more.")
    return 0


def _set(name: str, vault: SecretStore, stdin: TextIO) -> int:
    try:
        key = _typed() if stdin.isatty() else CarrierKey.from_json(stdin.read(_LONGEST))
    except ValueError:
        raise ConfigurationError(
            "That is no account. Standard input takes JSON with account_sid, key_sid and "
            "key_secret.",
            name="not_an_account",
        ) from None
    if problem := problem_with(key):
        raise ConfigurationError(problem, name="bad_account")
    if not vault.set(secret_key(name), key.to_json()):
        raise ConfigurationError("The vault did not keep the account.", name="vault_refused")
    print(f"The account …{key.account_sid[-4:]} is in this computer’s vault. Start the gateway.")
    return 0


def _typed() -> CarrierKey:
    """Ask for each part; the secret is not shown. Raises ValueError for an empty one."""
    account = input("Account SID (AC…): ").strip()
    key = input("API key SID (SK…): ").strip()
    secret = getpass.getpass("API key secret: ").strip()
    if not (account and key and secret):
        raise ValueError("something is missing")
    return CarrierKey(account, key, secret)


def _show(name: str, vault: SecretStore) -> int:
    kept = vault.get(secret_key(name))
    if kept is None:
        print(f"There is no account “{name}” in this computer’s vault.")
        return 0
    try:
        key = CarrierKey.from_json(kept)
    except ValueError:
        print(f"The account “{name}” in this computer’s vault is incomplete.")
        return 0
    print(f"Account …{key.account_sid[-4:]}, key …{key.key_sid[-4:]}. The secret is not shown.")
    return 0
