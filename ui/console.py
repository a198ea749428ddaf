"""Words for whoever started the program in a terminal."""

from __future__ import annotations

import sys

__all__ = ["say", "warn"]


def say(text: str) -> None:
    """Write a line to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """Write a line to standard error, at once; harmless where there is no terminal."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
