"""The carrier's key that signs softphone tokens, in the hands of the practice's administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.admin_session import as_owner, connect_admin, value
from coordinator_app.db.codec import decode
from coordinator_app.domain.ear import SoftphoneKey

if TYPE_CHECKING:
    from coordinator_app.db.admin_session import Admin


def set_key(conninfo: str, account_sid: str, key_sid: str, secret: str) -> SoftphoneKey:
    """Keep the key; the one before signs no more. Raises RefusedError for what is no key."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        conn.execute("SELECT app.store_softphone_key(%s, %s, %s)", [account_sid, key_sid, secret])
        return _view(conn)


def clear_key(conninfo: str) -> bool:
    """Forget the key; False when there was none."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        return value(conn, "SELECT app.drop_softphone_key()") is True


def key_status(conninfo: str) -> SoftphoneKey:
    """Which key signs; never its secret."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        return _view(conn)


def _view(conn: Admin) -> SoftphoneKey:
    return decode(SoftphoneKey, value(conn, "SELECT app.key_view()"))
