"""Tokens, style sheet, fonts and icons, and that all of it changes while the window runs."""

from __future__ import annotations

import gc
import re
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFontDatabase, QFontMetrics, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QToolTip,
)
from pytestqt.qtbot import QtBot

import resources
import ui.theme
from coordinator_app.domain.outcome import OUTCOMES
from ui.theme import FONT_FAMILY, Mode, Theme, active, install, tabular
from ui.theme.tokens import load_tokens

MINIMAL = '[light]\ntext = "#000000"\n[dark]\ntext = "#FFFFFF"\n'


def painted_color(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> QColor:
    """Return the colour of the most opaque pixel."""
    image = icon.pixmap(QSize(18, 18), 1.0, mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=QColor.alpha)


def close_to(first: QColor, second: QColor) -> bool:
    pairs = (
        (first.red(), second.red()),
        (first.green(), second.green()),
        (first.blue(), second.blue()),
    )
    return all(abs(a - b) <= 8 for a, b in pairs)


def test_resources_are_found_and_nothing_outside_is() -> None:
    assert resources.path("fonts/OFL.txt").is_file()
    assert "SIL OPEN FONT LICENSE" in resources.text("fonts/OFL.txt")
    assert "ISC License" in resources.text("icons/LICENSE")
    assert resources.path().is_dir()
    with pytest.raises(FileNotFoundError, match="reinstall"):
        resources.path("fonts/none.ttf")
    with pytest.raises(FileNotFoundError):
        resources.path("../pyproject.toml")


def test_tokens_are_refused_when_the_modes_differ_or_a_colour_is_none() -> None:
    assert load_tokens(MINIMAL).light == {"text": "#000000"}
    with pytest.raises(ValueError, match="extra"):
        load_tokens(MINIMAL + 'extra = "#111111"\n')
    with pytest.raises(ValueError, match="#RRGGBB"):
        load_tokens(MINIMAL.replace("#FFFFFF", "white"))


def test_no_theme_is_a_clear_error(theme: Theme) -> None:
    installed = ui.theme._installed
    kept = list(installed)
    installed.clear()
    try:
        with pytest.raises(RuntimeError, match="install"):
            active()
    finally:
        install(kept[0])
    assert active() is theme


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK])
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.5])
def test_style_sheet_is_complete(
    theme: Theme, qapp: QApplication, qtbot: QtBot, mode: Mode, scale: float
) -> None:
    window = QLabel("11:11")
    qtbot.addWidget(window)
    theme.apply(mode, scale)  # a warning of Qt's style sheet parser would fail this test
    sheet = window.styleSheet()
    assert "$" not in sheet
    files = re.findall(r'url\("([^"]+)"\)', sheet)
    assert files
    for file in files:
        assert Path(file).is_file()
        assert Path(file).with_stem(f"{Path(file).stem}@2x").is_file()
    assert theme.hex("text").lower() in sheet.lower()
    assert qapp.palette().window().color() == theme.color("bg")


def test_scale_is_clamped_and_reaches_text_and_lengths(theme: Theme) -> None:
    theme.apply(scale=9)
    assert theme.scale == 1.5
    assert theme.font("body").pixelSize() == 20
    assert theme.px(10) == 15
    theme.apply(scale=0.1)
    assert theme.scale == 0.9
    assert theme.px(0.2) == 1
    assert theme.px(0) == 0


def test_hairlines_are_not_scaled(theme: Theme, qtbot: QtBot) -> None:
    theme.apply(scale=1.5)
    window = QLabel("11:11")
    qtbot.addWidget(window)
    assert "border: 1px solid" in window.styleSheet()
    assert "border: 2px solid" in window.styleSheet()
    assert "border-radius: 12px" in window.styleSheet()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_a_tool_tip_and_a_menu_look_like_their_window(theme: Theme, qtbot: QtBot) -> None:
    """Windows of their own, below a dressed one."""
    window = QPushButton("Dial")
    qtbot.addWidget(window)
    window.show()
    menu = QMenu(window)
    menu.addAction("Lock")
    menu.ensurePolished()
    assert menu.sizeHint().height() > QMenu().sizeHint().height() + theme.px(5)
    QToolTip.showText(QPoint(5, 5), "Calls the patient", window)
    (tip,) = [one for one in QApplication.topLevelWidgets() if one.inherits("QTipLabel")]
    assert tip.grab().toImage().pixelColor(3, tip.height() // 2) == theme.color("tooltip")
    QToolTip.hideText()


def test_bundled_font_is_used_with_real_weights(theme: Theme) -> None:
    assert theme.font().family() == FONT_FAMILY
    styles = set(QFontDatabase.styles(FONT_FAMILY))
    assert {"Regular", "Medium", "Bold"} <= styles
    assert styles & {"SemiBold", "Semi Bold", "DemiBold"}
    widths = {
        weight: QFontMetrics(theme.font("h1", weight)).horizontalAdvance("Rosa Martínez")
        for weight in ("regular", "medium", "semibold", "bold")
    }
    assert len(set(widths.values())) == 4


@pytest.mark.parametrize(
    "text", ["Martínez Peña Łukasz Șerban Nguyễn", "“Hello” – 9–11 · … × • → ✓"]
)
def test_bundled_font_has_what_names_and_scripts_need(theme: Theme, text: str) -> None:
    metrics = QFontMetrics(theme.font())
    assert [char for char in text if not metrics.inFontUcs4(ord(char))] == []


def test_figures_have_one_width_also_under_the_style_sheet(theme: Theme, qtbot: QtBot) -> None:
    label = QLabel("11:11")
    qtbot.addWidget(label)
    label.setProperty("type", "clock")
    label.ensurePolished()
    metrics = label.fontMetrics()
    assert label.font().pixelSize() == theme.size("type", "clock")
    assert metrics.horizontalAdvance("11:11") == metrics.horizontalAdvance("00:00")
    assert tabular(label.font()).featureTags()


def test_icons_are_tinted_dimmed_and_tinted_again(theme: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Dial")
    qtbot.addWidget(button)
    action = QAction("Lock", button)
    theme.set_icon(button, "phone", "primary")
    theme.set_icon(action, "lock", "danger")
    assert close_to(painted_color(button.icon()), theme.color("primary"))
    assert close_to(painted_color(button.icon(), QIcon.Mode.Disabled), theme.color("text3"))
    with qtbot.waitSignal(theme.changed):
        theme.apply(Mode.DARK)
    assert theme.dark
    assert close_to(painted_color(button.icon()), theme.color("primary"))
    assert close_to(painted_color(action.icon()), theme.color("danger"))


def test_icons_hold_no_widget_alive(theme: Theme, qapp: QApplication) -> None:
    button = QPushButton("Dial")
    theme.set_icon(button, "phone")
    there = weakref.ref(button)
    assert there() in theme._targets
    del button
    gc.collect()
    assert there() is None
    theme.apply(Mode.DARK)


def test_a_control_that_qt_has_deleted_does_not_break_the_switch(
    theme: Theme, qtbot: QtBot
) -> None:
    button = QPushButton("Dial")
    theme.set_icon(button, "phone")
    with qtbot.waitSignal(button.destroyed):
        button.deleteLater()
    theme.apply(Mode.DARK)
    assert button not in theme._targets


def test_icons_are_sharp_on_dense_screens(theme: Theme) -> None:
    pixmap = theme.icon("phone").pixmap(QSize(18, 18), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (36, 2.0)
    assert theme.icon("phone", gap=4).availableSizes()[0].width() == 22


def test_unknown_names_are_errors(theme: Theme) -> None:
    with pytest.raises(KeyError):
        theme.color("pink")
    with pytest.raises(FileNotFoundError):
        theme.pixmap("no-such-icon")


def test_every_outcome_has_its_icon_and_colours(theme: Theme) -> None:
    for spec in OUTCOMES:
        assert not theme.pixmap(spec.icon, f"{spec.kind}_text").isNull()
        assert theme.color(spec.kind).isValid()
        assert theme.color(f"{spec.kind}_soft").isValid()


def test_pictures_go_with_the_theme(qapp: QApplication, theme: Theme) -> None:
    other = Theme(qapp)
    other.apply(Mode.LIGHT)
    folder = Path(other._images.path())
    assert any(folder.iterdir())
    assert folder.stat().st_mode & 0o077 == 0
    other.close()
    assert not folder.exists()
    theme.apply()


def test_system_mode_follows_the_desktop(theme: Theme) -> None:
    theme.apply(Mode.SYSTEM)
    before = theme.dark
    theme._follow_desktop(Qt.ColorScheme.Light if before else Qt.ColorScheme.Dark)
    assert theme.dark is not before
    theme.apply(Mode.LIGHT)
    theme._follow_desktop(Qt.ColorScheme.Dark)
    assert not theme.dark


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK])
def test_placeholders_can_be_read(theme: Theme, qtbot: QtBot, mode: Mode) -> None:
    theme.apply(mode)  # left alone, a style sheet makes them half transparent
    edits = (QLineEdit(), QPlainTextEdit())
    for edit in edits:
        qtbot.addWidget(edit)
        edit.ensurePolished()
        assert edit.palette().placeholderText().color() == theme.color("text3")
