"""The small practice: something to steal."""

from tests.helpers.practice_fixtures import practice, practice_database

__all__ = ["practice", "practice_database"]
