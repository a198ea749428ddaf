"""Files that ship with the program: fonts, icons, theme, SQL, templates, translations.

Imports nothing of ours, so that every layer may use it. Plain files next to this module: the
same code works from a checkout, from a wheel and from a frozen folder build, where the package's
data is laid out beside the byte code.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["path", "text"]

_ROOT = Path(__file__).resolve().parent


def path(name: str = "") -> Path:
    """Return the absolute path of a bundled file or folder.

    Args:
        name: relative name with forward slashes, for example ``"fonts/Inter-Bold.ttf"``;
            empty for the resources folder itself.

    Raises:
        FileNotFoundError: the name is not bundled, or points outside the resources folder.
    """
    found = (_ROOT / name).resolve()
    if not found.is_relative_to(_ROOT) or not found.exists():
        msg = f"The bundled file {name!r} is missing. Please reinstall the program."
        raise FileNotFoundError(msg)
    return found


def text(name: str) -> str:
    """Return the content of a bundled UTF-8 text file.

    Raises:
        FileNotFoundError: as :func:`path`.
    """
    return path(name).read_text(encoding="utf-8")
