"""A coordinator's own phone: brought up once a shift, and heard before anybody is dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.call import OwnPhone


class Phones(Protocol):
    """Each method is one round trip and gives the phone as it stands then."""

    def my_phone(self) -> OwnPhone:
        """My own phone now."""
        ...

    def connect_phone(self, op_id: UUID) -> OwnPhone:
        """Have my phone called, if it is not. Raises RefusedError while the line is down."""
        ...

    def disconnect_phone(self, op_id: UUID) -> OwnPhone:
        """Let my phone go. Raises RefusedError while a call is going on."""
        ...

    def hear_me(self, leg: int, by: str, op_id: UUID) -> OwnPhone:
        """Say that I am on this leg of my phone.

        ``by``: "press" (of "I hear you"), or "softphone" when the program's own softphone took
        the call and its sound flows. Raises StaleError when that leg is not up any more.
        """
        ...
