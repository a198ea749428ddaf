"""Reusable controls. They know the theme and nothing of patients, calls or the database."""
