"""Every pair of colours that meets on the screen, in both modes (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import pytest

from ui.theme.tokens import contrast, load_tokens, mix

TEXT, EDGE = 4.5, 3.0
KINDS = ("danger", "warning", "success", "info", "violet", "neutral", "primary")
SURFACES = ("bg", "surface", "surface2")

TEXT_PAIRS = [
    *((ink, ground) for ink in ("text", "text2", "text3") for ground in SURFACES),
    *((ink, ground) for ink in ("text", "text2") for ground in ("hover", "pressed", "selected")),
    *((ink, f"{kind}_soft") for kind in KINDS for ink in (f"{kind}_text", "text")),
    *((f"{kind}_text", ground) for kind in KINDS for ground in ("surface", "surface2", "hover")),
    *(("on_primary", f"primary{state}") for state in ("", "_hover", "_pressed")),
    *(("on_danger", f"danger{state}") for state in ("", "_hover", "_pressed")),
    ("on_primary", "primary_focus"),
    ("text2", "track"),
    ("text2", "neutral_soft"),
    ("text2", "success_soft"),
    ("nav_text", "nav"),
    ("nav_text_active", "nav_hover"),
    ("nav_text_active", "nav_active"),
    ("on_tooltip", "tooltip"),
    *(("on_avatar", f"avatar_{number}") for number in range(1, 9)),
]
EDGE_PAIRS = [
    ("border_strong", "surface"),
    ("border_strong", "bg"),
    *(("focus", ground) for ground in (*SURFACES, "hover", "selected", "neutral_soft")),
    ("focus_on_fill", "primary_focus"),
    ("focus_on_fill", "danger"),
    ("focus_on_fill", "surface"),
    ("nav_focus", "nav"),
    ("nav_focus", "nav_active"),
    *((kind, ground) for kind in KINDS for ground in ("surface", "surface2")),
    *(
        (kind, f"{kind}_soft")
        for kind in ("danger", "warning", "success", "info", "violet", "primary")
    ),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read(ink: str, ground: str, dark: bool) -> None:
    colors = load_tokens().colors(dark=dark)
    assert contrast(colors[ink], colors[ground]) >= TEXT


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_and_status_colours_can_be_seen(edge: str, ground: str, dark: bool) -> None:
    colors = load_tokens().colors(dark=dark)
    assert contrast(colors[edge], colors[ground]) >= EDGE


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_heat_map_numbers_can_be_read_on_every_shade(dark: bool) -> None:
    colors = load_tokens().colors(dark=dark)
    for step in range(101):
        fill = mix(colors["heat_low"], colors["heat_high"], step / 100)
        inks = (colors["heat_text_low"], colors["heat_text_high"])
        assert max(contrast(ink, fill) for ink in inks) >= TEXT


def test_contrast_is_the_one_of_the_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#FFFFFF", "#777777") == contrast("#777777", "#FFFFFF")


def test_mix_is_clamped() -> None:
    assert mix("#000000", "#FFFFFF", -1) == "#000000"
    assert mix("#000000", "#FFFFFF", 2) == "#FFFFFF"
    assert mix("#000000", "#0A0A0A", 0.5) == "#050505"
