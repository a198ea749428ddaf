"""Care Coordinator: everything that is not a widget. Nothing in here imports Qt."""

__version__ = "0.1.0"
