"""The small practice: something to steal."""

from tests.helpers.practice_fixtures import caretaker, practice, practice_database

__all__ = ["caretaker", "practice", "practice_database"]
