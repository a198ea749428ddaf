"""Which account at the carrier the gateway works with, and where it comes from.

What a supervisor entered in the window counts first: it is the newest that somebody said. Then
the service's credential "carrier", then the vault of the gateway's computer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from coordinator_app.calls.twilio_http import is_practice_id
from coordinator_app.calls.twilio_line import Credentials as CarrierCredentials
from coordinator_app.domain.line_setup import GatewayLine, SealedAccount
from coordinator_app.domain.sealed import CarrierKey, SealError, public_of, unseal
from coordinator_app.gateway.own_secrets import Credentials
from coordinator_app.ports import SecretStore

_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
_KEY = re.compile(r"SK[0-9a-f]{32}")
CREDENTIAL = "carrier"  # the service's credential with the account


def secret_key(account: str) -> str:
    """Under which name the vault keeps a carrier account: JSON with account_sid, key_sid,
    key_secret."""
    return f"carrier/{account}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The account to work with, or (``credentials`` None) the sentence why there is none.

    ``source``: "window", "credential", "vault", "practice", "none". ``account_id``: the row of an
    account from the window.
    """

    source: str
    credentials: CarrierCredentials | None = None
    sentence: str = ""
    account_id: UUID | None = None


def problem_with(key: CarrierKey) -> str:
    """What is wrong with an account as somebody wrote it down; "" when nothing is."""
    if is_practice_id(key.account_sid) or is_practice_id(key.key_sid):
        return "The phone account belongs to a practice line, not to a carrier."
    if not _ACCOUNT.fullmatch(key.account_sid):
        return "The account’s id is not one of the carrier’s: it begins with AC and has 34 signs."
    if not _KEY.fullmatch(key.key_sid):
        return "The key’s id is not one of the carrier’s: it begins with SK and has 34 signs."
    return ""


def _any(_: CarrierCredentials) -> bool:
    return True


class Accounts:
    """All places an account may be in."""

    def __init__(
        self,
        credentials: Credentials,
        vault: SecretStore,
        name: str = "default",
        sealing_key: bytes | None = None,
    ) -> None:
        """``name``: of the vault's entry; ``sealing_key``: the gateway's own private key."""
        self._credentials = credentials
        self._vault = vault
        self._name = name
        self._key = sealing_key

    @property
    def public_key(self) -> bytes | None:
        """What windows seal to; None: this gateway has no place for a key."""
        return None if self._key is None else public_of(self._key)

    def opened(self, sealed: SealedAccount, practice: UUID) -> CarrierCredentials:
        """Open an account that was entered in a window. Raises SealError."""
        if self._key is None:
            raise SealError(
                "This gateway has no place for a key of its own, so it cannot open an account that "
                "is entered here (docs/administrator.md).",
                name="no_sealing_key",
            )
        box = bytes.fromhex(sealed.sealed)
        key = unseal(box, self._key, str(practice), sealed.account_sid)
        if problem := problem_with(key):
            raise SealError(problem, name="bad_account")
        return _used(key)

    def choose(
        self,
        line: GatewayLine,
        *,
        anew: bool = False,
        good: Callable[[CarrierCredentials], bool] = _any,
    ) -> Chosen:
        """The account for the next round.

        While a call is open it is the account that the call was placed on: after a crash its
        calls can only be found there. ``anew``: the round before has seen to its calls.
        ``good``: whether the carrier takes an account that was never used before; the chore tells
        the supervisor why it does not.
        """
        order = ("in_use", "set") if line.open_calls and not anew else ("set", "in_use")
        for state in order:
            for one in line.accounts:
                if one.state == state:
                    try:
                        opened = self.opened(one, line.practice_uid)
                    except SealError:
                        continue  # the chore says so
                    if state == "set" and not good(opened):
                        continue
                    return Chosen("window", opened, account_id=one.id)
        return self.local()

    def local(self) -> Chosen:
        """The account that is kept on this computer. Raises ConfigurationError for a credential
        that others can read."""
        kept, source, where = self._credentials.get(CREDENTIAL), "credential", "credential"
        if kept is None:
            kept, source, where = self._vault.get(secret_key(self._name)), "vault", "vault"
        if kept is None:
            return Chosen(
                "none",
                sentence="No phone account is set up yet, so no call can be made. A supervisor can "
                "enter it: Settings, Phone line.",
            )
        try:
            key = CarrierKey.from_json(kept)
        except ValueError:
            return Chosen(
                "none",
                sentence=f"The phone account in the {where} of the gateway’s computer is "
                "incomplete. Enter it again there, or in Settings, Phone line.",
            )
        if problem := problem_with(key):
            return Chosen("none", sentence=problem)
        return Chosen(source, _used(key))


def _used(key: CarrierKey) -> CarrierCredentials:
    return CarrierCredentials(key.account_sid, key.key_sid, key.key_secret)
