"""The failure that every reader of a practice's files raises."""

from __future__ import annotations

from coordinator_app.errors import UserFacingError


class ImportFileError(UserFacingError):
    """The file as a whole cannot be read; the sentence says why and what to do now.

    A single bad row never raises this: it becomes a ``RowProblem``.
    """
