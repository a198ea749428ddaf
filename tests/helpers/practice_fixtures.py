"""Fixtures of the small practice, for every folder whose tests speak to the database as people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helpers.db_practice import open_doors, open_practice
from tests.helpers.practice_template import Caretaker, practice_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import Database, TestServer


@pytest.fixture(scope="session")
def practice_database(migrated_server: TestServer) -> Iterator[Database]:
    """This worker's database with the small practice."""
    with migrated_server.copy(practice_template(migrated_server)) as database:
        open_doors(database)
        yield database


@pytest.fixture(scope="session")
def caretaker(practice_database: Database) -> Iterator[Caretaker]:
    """Who makes this worker's practice ready for the next test."""
    made = Caretaker(practice_database)
    yield made
    made.close()


@pytest.fixture
def practice(practice_database: Database, caretaker: Caretaker) -> Iterator[Practice]:
    """The practice and its people; what the test changes is undone."""
    with open_practice(practice_database, caretaker) as made:
        yield made
    caretaker.reset()
