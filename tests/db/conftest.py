"""The small practice, as new for each test."""

from tests.helpers.practice_fixtures import practice, practice_database

__all__ = ["practice", "practice_database"]
