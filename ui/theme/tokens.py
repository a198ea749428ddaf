"""Design tokens: read once from ``resources/theme/tokens.toml``, checked, and immutable."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Mode", "Tokens", "contrast", "load_tokens", "mix"]

_HEX = re.compile(r"#[0-9A-Fa-f]{6}\Z")


class Mode(StrEnum):
    """How the window is coloured; SYSTEM follows the desktop."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours (``#RRGGBB``) by mode, and sizes in pixels at text scale 1.0 by group."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    sizes: Mapping[str, Mapping[str, int]]

    def colors(self, *, dark: bool) -> Mapping[str, str]:
        """Return the colour table of one mode."""
        return self.dark if dark else self.light


def load_tokens(source: str | None = None) -> Tokens:
    """Parse and check the token file.

    Args:
        source: TOML text; the bundled file when None.

    Raises:
        ValueError: light and dark do not have the same names, or a value is not ``#RRGGBB``.
    """
    raw = tomllib.loads(resources.text("theme/tokens.toml") if source is None else source)
    shared = raw.get("shared", {})
    light: dict[str, str] = {**raw["light"], **shared}
    dark: dict[str, str] = {**raw["dark"], **shared}
    if light.keys() != dark.keys():
        odd = sorted(light.keys() ^ dark.keys())
        msg = f"Light and dark must have the same tokens; only one has: {', '.join(odd)}"
        raise ValueError(msg)
    for table in (light, dark):
        for name, value in table.items():
            if not _HEX.match(value):
                msg = f"Token {name!r} must be #RRGGBB, not {value!r}"
                raise ValueError(msg)
    groups = ("type", "weight", "space", "radius", "control", "layout")
    return Tokens(light, dark, {group: dict(raw.get(group, {})) for group in groups})


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two ``#RRGGBB`` colours, 1.0 to 21.0 (WCAG 2.2, 1.4.3)."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(first: str, second: str, share: float) -> str:
    """Return ``first`` moved towards ``second`` by ``share`` (0.0–1.0, clamped)."""
    part = min(1.0, max(0.0, share))
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in pairs)
