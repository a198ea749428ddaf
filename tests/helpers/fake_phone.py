"""A coordinator's own phone in memory; up and heard unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from coordinator_app.domain.call import OwnPhone, PhoneState
from coordinator_app.errors import RefusedError, StaleError

READY = OwnPhone(
    leg=1,
    state=PhoneState.UP,
    confirmed=True,
    since=None,
    sentence="",
    endpoint="+15025550188",
)


class FakePhone:
    """``phone`` is what the window is told; ``heard`` keeps every "I hear you"."""

    phone: OwnPhone = READY
    phone_busy = False  # a call is going on

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []

    def _enter(self, name: str) -> None:
        raise NotImplementedError  # FakePractice's

    def my_phone(self) -> OwnPhone:
        """See the port."""
        self._enter("my_phone")
        return self.phone

    def connect_phone(self, op_id: UUID) -> OwnPhone:
        """See the port."""
        self._enter("connect_phone")
        if self.phone.state is PhoneState.GONE:
            self.phone = replace(self.phone, state=PhoneState.CONNECTING, sentence="")
        return self.phone

    def disconnect_phone(self, op_id: UUID) -> OwnPhone:
        """See the port."""
        self._enter("disconnect_phone")
        if self.phone_busy:
            raise RefusedError("End the call first.", name="call_running")
        self.phone = replace(self.phone, state=PhoneState.GONE, confirmed=False)
        return self.phone

    def hear_me(self, leg: int, by: str, op_id: UUID) -> OwnPhone:
        """See the port."""
        self._enter("hear_me")
        if self.phone.state is not PhoneState.UP or self.phone.leg != leg:
            raise StaleError("Your phone is not on the line. Connect it again.", name="phone")
        self.heard.append((leg, by))
        self.phone = replace(self.phone, confirmed=True)
        return self.phone

    def pick_up(self) -> None:
        """The phone that is being called is picked up, by somebody or something."""
        self.phone = replace(
            self.phone, leg=self.phone.leg + 1, state=PhoneState.UP, confirmed=False
        )

    def lose_phone(self, sentence: str) -> None:
        """The phone leaves the line."""
        self.phone = replace(self.phone, state=PhoneState.GONE, confirmed=False, sentence=sentence)
