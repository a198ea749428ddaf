"""A coordinator's own phone over PostgreSQL (see ports.Phones for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode
from coordinator_app.db.connection import Link
from coordinator_app.domain.call import OwnPhone

if TYPE_CHECKING:
    from uuid import UUID


class SqlPhones:
    """What a practice's database answers about one's own leg of the shift."""

    _link: Link

    def my_phone(self) -> OwnPhone:
        return decode(OwnPhone, self._link.call("my_phone"))

    def connect_phone(self, op_id: UUID) -> OwnPhone:
        return decode(OwnPhone, self._link.call("connect_phone", op_id))

    def disconnect_phone(self, op_id: UUID) -> OwnPhone:
        return decode(OwnPhone, self._link.call("disconnect_phone", op_id))

    def hear_me(self, leg: int, by: str, op_id: UUID) -> OwnPhone:
        return decode(OwnPhone, self._link.call("hear_me", leg, by, op_id))
