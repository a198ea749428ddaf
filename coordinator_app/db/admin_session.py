"""A practice's database in the hands of its administrator's installing login."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from coordinator_app.db.parameters import open_connection, service_parameters
from coordinator_app.db.sqlstate import translate_error
from coordinator_app.errors import ConfigurationError, NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

Admin = psycopg.Connection[Any]


@contextmanager
def connect_admin(conninfo: str) -> Iterator[Admin]:
    """Open an autocommit connection for administration; refusals become sentences.

    Raises NotConnectedError, InsecureConnectionError, SignInRefusedError, ConfigurationError.
    """
    parameters = service_parameters(conninfo) | {"application_name": "coordinator-admin"}
    with open_connection(parameters) as conn:
        try:
            yield conn
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotAllowedError(
                "This database login may not administer the practice. Use the login that installed "
                "it, or a superuser.",
                name="not_installer",
            ) from error
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            raise not_installed() from error
        except psycopg.Error as error:
            raise translate_error(error) or error from error


@contextmanager
def as_owner(conn: Admin) -> Iterator[Admin]:
    """A transaction as the owner of the practice's tables."""
    with conn.transaction():
        if conn.execute("SELECT pg_catalog.to_regrole('app_owner')").fetchone() == (None,):
            raise not_installed()
        conn.execute("SET LOCAL ROLE app_owner")
        yield conn


@contextmanager
def as_auditor(conn: Admin) -> Iterator[Admin]:
    """One snapshot of the audit, read as its owner. Large reads may use all processors."""
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if conn.execute("SELECT pg_catalog.to_regrole('audit_owner')").fetchone() == (None,):
            raise not_installed()
        conn.execute(
            "SET LOCAL ROLE audit_owner; SET LOCAL search_path = pg_catalog, pg_temp; "
            "SET LOCAL work_mem = '128MB'; SET LOCAL max_parallel_workers_per_gather = 4; "
            "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; "
            "SET LOCAL jit = off"
        )
        yield conn


def value(conn: Admin, statement: str, *values: object) -> Any:  # noqa: ANN401 - any column
    """The first column of the first row, or None."""
    row = conn.execute(statement.encode(), values or None).fetchone()
    return row[0] if row else None


def not_installed() -> ConfigurationError:
    """The database has no schema of ours yet."""
    return ConfigurationError(
        "This database has no practice yet. Run coordinator-admin init first.",
        name="not_installed",
    )


def practice_day(conn: Admin) -> tuple[date, str]:
    """Return the practice's today and its time zone; inside ``as_owner``.

    Raises ConfigurationError when the practice has not been made.
    """
    row = conn.execute(
        "SELECT (app.now() AT TIME ZONE p.zone)::date, p.zone FROM app.practice p"
    ).fetchone()
    if row is None:
        raise not_installed()
    day, zone = row
    return day, zone
