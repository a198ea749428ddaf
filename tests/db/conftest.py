"""The small practice, as new for each test."""

from tests.helpers.practice_fixtures import caretaker, practice, practice_database

__all__ = ["caretaker", "practice", "practice_database"]
