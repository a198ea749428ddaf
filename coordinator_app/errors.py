"""The two kinds of error (style: qutebrowser's known and bug).

``UserFacingError`` and its children carry a sentence that may be shown as it is: what
happened and what to do now, never SQL, a stack trace or a patient's name. Everything
else that is raised is our bug and goes to the crash path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class UserFacingError(Exception):
    """A failure of the world, told in one sentence.

    ``name`` is stable and made for programs; ``detail`` holds the facts behind the
    sentence (never a patient's name, number or note).
    """

    def __init__(
        self, sentence: str, *, name: str = "", detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.name = name
        self.detail: Mapping[str, Any] = detail or {}


class NotConnectedError(UserFacingError):
    """The practice's database cannot be reached, now or any more; trying again may help."""


class InsecureConnectionError(UserFacingError):
    """The server's identity or encryption is not what it must be; never try again weaker."""


class SignInRefusedError(UserFacingError):
    """The server answered and refused: password, training, suspended, too many sessions."""


class SecondFactorNeededError(SignInRefusedError):
    """The server wants a code of the person's authenticator app first."""

    @property
    def enrolled(self) -> bool:
        """Whether the person has an app to read a code from."""
        return self.detail.get("enrolled") is True

    @property
    def whole_session(self) -> bool:
        """Whether nothing at all is possible without it; else it is asked for one thing."""
        return self.detail.get("whole") is True


class WrongCodeError(SignInRefusedError):
    """A code was not right; the sentence says how many tries are left, or when there is one."""


class FreshLoginNeededError(UserFacingError):
    """The server wants the password again for this; see ``Session.confirmed``."""


class ClientTooOldError(UserFacingError):
    """The practice's database no longer serves this version of the program."""


class NotAllowedError(UserFacingError):
    """The database refused: this person may not do that."""


class TakenByAnotherError(UserFacingError):
    """Somebody else was first: a patient, a slot. ``detail`` says who or what."""


class RefusedError(UserFacingError):
    """A rule said no (dial gate, missing detail, expired hold). ``name`` says which."""


class StaleError(UserFacingError):
    """What the window shows is no longer so; it reloads."""


class ConfigurationError(UserFacingError):
    """A file, a folder or a setting is not usable."""
