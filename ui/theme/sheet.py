"""The style sheet and palette that the tokens produce, and the few pictures a sheet can show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPalette

import resources
from ui.theme.icons import DENSITIES, render, svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["build_palette", "build_sheet", "write_images"]

_LENGTH = re.compile(r"(?<![\w#.])(\d+(?:\.\d+)?)px")
_NAME = re.compile(r"\$([a-z][a-z0-9_]*)")
_HAIRLINE = 2.0  # px; borders and focus rings up to this width are not scaled

# Drawn, because a style sheet's corner radius above half the edge gives a square.
_RADIO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18">'
    '<circle cx="9" cy="9" r="8.5" fill="{fill}" stroke="{edge}"/>'
    '<circle cx="9" cy="9" r="3.6" fill="{dot}"/></svg>'
)
_SWITCH = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 18">'
    '<rect x="0.5" y="0.5" width="31" height="17" rx="8.5" fill="{fill}" stroke="{edge}"/>'
    '<circle cx="{x}" cy="9" r="{r}" fill="{knob}"/></svg>'
)


def build_sheet(
    template: str,
    *,
    colors: Mapping[str, str],
    type_sizes: Mapping[str, int],
    images: Mapping[str, str],
    family: str,
    scale: float,
) -> str:
    """Fill the style sheet template.

    Raises:
        KeyError: the template names a token that does not exist.
    """
    values = {
        **colors,
        **{f"type_{name}": f"{round(size * scale)}px" for name, size in type_sizes.items()},
        **{f"img_{name}": file for name, file in images.items()},
        "family": family,
    }

    def scaled(match: re.Match[str]) -> str:
        length = float(match[1])
        return match[0] if length <= _HAIRLINE else f"{round(length * scale)}px"

    return _NAME.sub(lambda match: values[match[1]], _LENGTH.sub(scaled, template))


def sheet_template() -> str:
    """Return the bundled style sheet template."""
    return resources.text("theme/base.qss")


def _sources(colors: Mapping[str, str]) -> dict[str, tuple[str, int, int]]:
    def line(name: str, color: str, stroke: float) -> str:
        source = svg(name).replace("currentColor", color)
        return source.replace('stroke-width="2"', f'stroke-width="{stroke}"')

    switch_off = _SWITCH.format(
        fill=colors["surface"], edge=colors["border_strong"], x=9, r=5, knob=colors["border_strong"]
    )
    switch_on = _SWITCH.format(
        fill=colors["primary"], edge=colors["primary"], x=23, r=6, knob=colors["on_primary"]
    )
    radio_off = _RADIO.format(
        fill=colors["surface"], edge=colors["border_strong"], dot=colors["surface"]
    )
    radio_on = _RADIO.format(
        fill=colors["primary"], edge=colors["primary"], dot=colors["on_primary"]
    )
    return {
        "chevron": (line("chevron-down", colors["text2"], 2), 14, 14),
        "chevron_up": (line("chevron-up", colors["text2"], 2), 14, 14),
        "check": (line("check", colors["on_primary"], 3.4), 16, 16),
        "minus": (line("minus", colors["on_primary"], 3.4), 16, 16),
        "radio_off": (radio_off, 18, 18),
        "radio_on": (radio_on, 18, 18),
        "switch_off": (switch_off, 32, 18),
        "switch_on": (switch_on, 32, 18),
    }


def write_images(folder: Path, tag: str, colors: Mapping[str, str], scale: float) -> dict[str, str]:
    """Write the pictures that a style sheet can only take as files.

    Args:
        folder: a private, writable folder (an installed program's own folder is read-only).
        tag: part of the file names, different for each mode and scale, because Qt caches
            pictures by file name.
        colors: token colours of the mode.
        scale: text scale.

    Returns:
        For each picture its path with forward slashes, as a style sheet wants it.
    """
    written = {}
    for name, (source, width, height) in _sources(colors).items():
        file = folder / f"{name}-{tag}.png"
        if not file.exists():
            for density in DENSITIES:
                suffix = "" if density == 1 else f"@{density:.0f}x"
                size = (round(width * scale), round(height * scale))
                pixmap = render(source, *size, density)
                pixmap.save(str(file.with_name(f"{file.stem}{suffix}.png")))
        written[name] = file.as_posix()
    return written


def build_palette(colors: Mapping[str, str]) -> QPalette:
    """Return the full palette, for everything that the style sheet does not reach."""
    role = QPalette.ColorRole
    names = {
        role.Window: "bg",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "surface2",
        role.Text: "text",
        role.PlaceholderText: "text3",
        role.Button: "surface",
        role.ButtonText: "text",
        role.BrightText: "on_danger",
        role.ToolTipBase: "tooltip",
        role.ToolTipText: "on_tooltip",
        role.Highlight: "primary",
        role.HighlightedText: "on_primary",
        role.Link: "primary_text",
        role.LinkVisited: "violet_text",
        role.Light: "surface",
        role.Midlight: "hover",
        role.Mid: "border2",
        role.Dark: "border_strong",
        role.Shadow: "border_strong",
        role.Accent: "primary",
    }
    palette = QPalette()
    for key, name in names.items():
        palette.setColor(key, QColor(colors[name]))
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(colors["text3"]))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colors["track"]))
    return palette
