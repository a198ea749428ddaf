"""The window: PySide6 widgets written in code. Talks to the rest only through services."""
