"""Who patients are seen by, and who of them can be booked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin

_COLUMNS = (
    "d.id, d.source, d.external_id, d.family, d.given, d.specialty, d.active, d.bookable, EXISTS ("
    "SELECT FROM app.schedule_template t WHERE t.practitioner_id = d.id AND t.kind = 'work' "
    "AND NOT isempty(t.valid) "
    "AND (upper_inf(t.valid) OR upper(t.valid) > (app.now() AT TIME ZONE p.zone)::date))"
)


@dataclass(frozen=True, slots=True)
class PractitionerLine:
    """One practitioner in the administrator's list."""

    id: UUID
    source: str
    external_id: str
    family: str
    given: str
    specialty: str
    active: bool  # in the practice's system
    bookable: bool
    has_hours: bool

    @property
    def key(self) -> str:
        """What names this one and no other."""
        return f"{self.source}/{self.external_id}"

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}".strip()

    @property
    def lacks(self) -> str:
        """Why there are no openings, as a sentence; "" when there can be some."""
        if not self.active:
            return f"{self.name} is not active in the practice's system: nobody can be booked."
        if not self.bookable:
            return (
                f"Nobody can be booked with {self.name} yet: coordinator-admin practitioner "
                f"bookable {self.key}."
            )
        if not self.has_hours:
            return (
                f"{self.name} has no hours yet: coordinator-admin schedule set {self.key} "
                "--days mon-fri --hours 08:00-17:00."
            )
        return ""


def list_practitioners(conninfo: str) -> tuple[PractitionerLine, ...]:
    """Return everybody, those who can be booked first, by name."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        practice_day(conn)
        return tuple(_select(conn, "ORDER BY d.bookable DESC, d.family, d.given, d.external_id"))


def add_practitioner(
    conninfo: str, source: str, external_id: str, *, family: str, given: str, specialty: str
) -> PractitionerLine:
    """Add a practitioner that no export brings. Raises RefusedError when there is one already.

    ``source``: the system whose exports name this practitioner in a patient's row.
    """
    external_id, family = external_id.strip(), family.strip()
    if not external_id or not family:
        raise RefusedError("A practitioner needs an id and a family name.", name="bad_name")
    with connect_admin(conninfo) as conn, as_owner(conn):
        practice_day(conn)
        row = conn.execute(
            "INSERT INTO app.practitioner (source, external_id, family, given, specialty) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [source, external_id, family, given.strip(), specialty.strip()],
        ).fetchone()
        if row is None:
            raise RefusedError(
                f"There is a practitioner {source}/{external_id} already. See coordinator-admin "
                "practitioner list.",
                name="practitioner_exists",
            )
        audit_practitioner(conn, "practitioner.add", row[0])
        return find_practitioner(conn, f"{source}/{external_id}")


def set_bookable(conninfo: str, name: str, *, bookable: bool) -> PractitionerLine:
    """Let coordinators book visits with a practitioner, or not; booked visits stay."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        found = find_practitioner(conn, name)
        conn.execute(
            "UPDATE app.practitioner SET bookable = %s WHERE id = %s AND bookable <> %s",
            [bookable, found.id, bookable],
        )
        audit_practitioner(conn, "practitioner.bookable", found.id, bookable=str(bookable).lower())
        return find_practitioner(conn, found.key)


def find_practitioner(conn: Admin, name: str) -> PractitionerLine:
    """Return the one with this id ("7" or "csv/7") or name, locked; inside ``as_owner``.

    An id goes before a name. Raises ConfigurationError for nobody, RefusedError for several.
    """
    given = {"n": " ".join(name.split())}
    by_id = "d.external_id = %(n)s OR d.source || '/' || d.external_id = %(n)s"
    by_name = (
        "lower(%(n)s) IN (lower(d.family), lower('Dr. ' || d.family), lower('Dr ' || d.family), "
        "lower(concat_ws(' ', nullif(d.given, ''), d.family)), lower(d.family || ', ' || d.given), "
        "lower(concat_ws(' ', 'Dr.', nullif(d.given, ''), d.family)))"
    )
    for which in (by_id, by_name):
        found = _select(conn, f"WHERE {which} ORDER BY d.source, d.external_id", given)
        if len(found) == 1:
            conn.execute("SELECT FROM app.practitioner WHERE id = %s FOR UPDATE", [found[0].id])
            return found[0]
        if found:
            keys = ", ".join(one.key for one in found[:5])
            raise RefusedError(
                f"{given['n']} is more than one practitioner. Write one of: {keys}.",
                name="ambiguous_practitioner",
            )
    raise ConfigurationError(
        f"There is no practitioner {given['n']}. See coordinator-admin practitioner list.",
        name="no_such_practitioner",
    )


def audit_practitioner(conn: Admin, action: str, who: UUID | None, **facts: str) -> None:
    """Write what was done to whom (None: everybody) into the audit; inside ``as_owner``."""
    pairs = [text for pair in facts.items() for text in pair]
    conn.execute(
        "SELECT app.audit(%s, %s, NULL, pg_catalog.jsonb_object(%s::text[]))",
        [action, f"practitioner/{who or 'everyone'}", pairs],
    )


def _select(
    conn: Admin, rest: str, values: dict[str, str] | None = None
) -> Sequence[PractitionerLine]:
    query = f"SELECT {_COLUMNS} FROM app.practitioner d CROSS JOIN app.practice p {rest}"  # noqa: S608 - ours
    return [PractitionerLine(*row) for row in conn.execute(query.encode(), values).fetchall()]
