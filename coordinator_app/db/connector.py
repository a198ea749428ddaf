"""Opens a person's connection to a practice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.connection import DEADLINE
from coordinator_app.db.parameters import connection_parameters
from coordinator_app.db.practice import SqlPractice

if TYPE_CHECKING:
    from coordinator_app.domain.session import Connection


class SqlConnector:
    """A Connector over PostgreSQL. ``deadline``: seconds that a call may take."""

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline

    def connect(self, connection: Connection, password: str) -> SqlPractice:
        """Log in. Raises NotConnectedError, InsecureConnectionError, SignInRefusedError."""
        practice = SqlPractice(connection_parameters(connection, password), deadline=self._deadline)
        try:
            practice.open()
        except BaseException:
            practice.close()
            raise
        return practice
