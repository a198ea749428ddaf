"""The look of the window: colours, type, icons and style sheet, switchable while it runs.

One :class:`Theme` is made by the application and put in place with :func:`install`; widgets
ask for it with :func:`active`. Painting code reads colours on each paint; anything that keeps a
size or a picture listens to :attr:`Theme.changed`.
"""

from __future__ import annotations

import logging
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap

import resources
from ui.theme.icons import DENSITIES, tinted
from ui.theme.sheet import build_palette, build_sheet, sheet_template, write_images
from ui.theme.tokens import Mode, Tokens, contrast, load_tokens, mix

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

__all__ = [
    "FONT_FAMILY",
    "MAX_SCALE",
    "MIN_SCALE",
    "Mode",
    "Theme",
    "Tokens",
    "active",
    "contrast",
    "install",
    "load_tokens",
    "mix",
    "tabular",
]

log = logging.getLogger(__name__)

FONT_FAMILY: Final = "Inter"
MIN_SCALE: Final = 0.9
MAX_SCALE: Final = 1.5
_FONTS = ("Regular", "Medium", "SemiBold", "Bold")
_TABULAR = QFont.Tag.fromString("tnum")


class IconTarget(Protocol):
    """Anything that shows an icon: buttons, actions, labels of ours."""

    def setIcon(self, icon: QIcon, /) -> None:  # Qt's own name
        """Show the icon."""
        ...


@cache
def _load_fonts() -> str:
    """Register the bundled fonts; returns the family name that Qt gave them."""
    families: list[str] = []
    for weight in _FONTS:
        number = QFontDatabase.addApplicationFont(str(resources.path(f"fonts/Inter-{weight}.ttf")))
        families += QFontDatabase.applicationFontFamilies(number)
    if FONT_FAMILY not in families:
        log.warning("bundled font not accepted, using the system's")
        return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    return FONT_FAMILY


def tabular(font: QFont) -> QFont:
    """Return a copy of the font whose figures all have one width, so that clocks do not jump."""
    copy = QFont(font)
    copy.setFeature(_TABULAR, 1)
    return copy


class Theme(QObject):
    """Colours, type and icons of one application.

    Signals:
        changed: the mode or the text scale is another one; the style sheet is already applied.
    """

    changed = Signal()

    def __init__(self, app: QApplication, tokens: Tokens | None = None) -> None:
        """Load tokens and fonts. Nothing is visible before :meth:`apply`.

        Args:
            app: the application to style.
            tokens: for tests; the bundled tokens when None.
        """
        super().__init__(app)
        self._app = app
        self._tokens = tokens or load_tokens()
        self._family = _load_fonts()
        self._mode = Mode.SYSTEM
        self._scale = 1.0
        self._dark = False
        self._images = QTemporaryDir()
        self._targets: weakref.WeakKeyDictionary[IconTarget, tuple[str, str, int, int]] = (
            weakref.WeakKeyDictionary()
        )
        self._windows: weakref.WeakSet[QWidget] = weakref.WeakSet()
        self._sheet = ""
        app.styleHints().colorSchemeChanged.connect(self._follow_desktop)

    def close(self) -> None:
        """Forget the desktop and delete the style sheet's pictures; the theme is not used again."""
        self._app.styleHints().colorSchemeChanged.disconnect(self._follow_desktop)
        self._images.remove()

    # -- what is on ---------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        """The mode that was asked for; may be SYSTEM."""
        return self._mode

    @property
    def dark(self) -> bool:
        """Whether the window is dark now."""
        return self._dark

    @property
    def scale(self) -> float:
        """Text scale, 0.9 to 1.5; also scales controls and spacing."""
        return self._scale

    def apply(self, mode: Mode | None = None, scale: float | None = None) -> None:
        """Style the application; may be called at any time.

        Args:
            mode: None keeps the present mode.
            scale: None keeps the present scale; clamped to 0.9–1.5.
        """
        if mode is not None:
            self._mode = mode
        if scale is not None:
            self._scale = min(MAX_SCALE, max(MIN_SCALE, scale))
        hints = self._app.styleHints()
        hints.setColorScheme(
            {
                Mode.LIGHT: Qt.ColorScheme.Light,
                Mode.DARK: Qt.ColorScheme.Dark,
                Mode.SYSTEM: Qt.ColorScheme.Unknown,  # Unknown hands the choice to the desktop
            }[self._mode]
        )
        self._dark = self._mode is Mode.DARK or (
            self._mode is Mode.SYSTEM and hints.colorScheme() == Qt.ColorScheme.Dark
        )
        self._restyle()

    def dress(self, window: QWidget) -> None:
        """Style this window and all that is ever put into it, now and after each change.

        Not the whole application: Qt would then style a page anew, with all below it, for every
        layout on its way into the window.
        """
        self._windows.add(window)
        window.setStyleSheet(self._sheet)

    def _restyle(self) -> None:
        colors = self._tokens.colors(dark=self._dark)
        tag = f"{'dark' if self._dark else 'light'}-{round(self._scale * 100)}"
        images = write_images(Path(self._images.path()), tag, colors, self._scale)
        if self._app.style().name() != "fusion":
            self._app.setStyle("Fusion")
        self._app.setPalette(build_palette(colors))
        self._app.setFont(self.font("body"))
        self._sheet = build_sheet(
            sheet_template(),
            colors=colors,
            type_sizes=self._tokens.sizes["type"],
            images=images,
            family=self._family,
            scale=self._scale,
        )
        for window in list(self._windows):
            if shiboken6.isValid(window):
                window.setStyleSheet(self._sheet)
            else:
                self._windows.discard(window)
        for target, wanted in list(self._targets.items()):
            if shiboken6.isValid(target):
                target.setIcon(self.icon(*wanted))
            else:  # deleted by Qt while Python still holds it
                del self._targets[target]
        self.changed.emit()

    def _follow_desktop(self, scheme: Qt.ColorScheme) -> None:
        wanted = scheme == Qt.ColorScheme.Dark
        if self._mode is Mode.SYSTEM and wanted != self._dark:
            self._dark = wanted
            self._restyle()

    # -- colours and sizes --------------------------------------------------------------------

    def hex(self, name: str) -> str:
        """Return a token as ``#RRGGBB``. Raises KeyError for an unknown token."""
        return self._tokens.colors(dark=self._dark)[name]

    def color(self, name: str) -> QColor:
        """Return a token as a colour. Raises KeyError for an unknown token."""
        return QColor(self.hex(name))

    def px(self, length: float) -> int:
        """Return a length in pixels at the present text scale (at least 1 for a positive one)."""
        return max(1, round(length * self._scale)) if length > 0 else 0

    def size(self, group: str, name: str) -> int:
        """Return a named size, scaled: ``size("space", "m")``. Raises KeyError."""
        return self.px(self._tokens.sizes[group][name])

    def font(self, size: str = "body", weight: str = "regular") -> QFont:
        """Return a font of the type scale with tabular figures. Raises KeyError."""
        font = QFont(self._family)
        font.setPixelSize(self.size("type", size))
        font.setWeight(QFont.Weight(self._tokens.sizes["weight"][weight]))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        return tabular(font)

    # -- icons --------------------------------------------------------------------------------

    def pixmap(
        self, name: str, color: str = "text2", size: int = 18, density: float = 1
    ) -> QPixmap:
        """Return an icon in a token colour; ``size`` is in pixels at text scale 1.0."""
        return tinted(name, self.hex(color), self.px(size), density)

    def icon(self, name: str, color: str = "text2", size: int = 18, gap: int = 0) -> QIcon:
        """Return an icon for Qt controls, sharp at 1x to 3x, dimmed when disabled.

        ``gap`` adds empty pixels on the right: Qt's own distance to the words is too small.
        """
        icon = QIcon()
        for density in DENSITIES:
            for mode, token in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, "text3")):
                icon.addPixmap(self._widened(self.pixmap(name, token, size, density), gap), mode)
        return icon

    def _widened(self, pixmap: QPixmap, gap: int) -> QPixmap:
        if not gap:
            return pixmap
        density = pixmap.devicePixelRatio()
        wide = QPixmap(pixmap.width() + round(self.px(gap) * density), pixmap.height())
        wide.setDevicePixelRatio(density)
        wide.fill(Qt.GlobalColor.transparent)
        painter = QPainter(wide)
        painter.drawPixmap(0, 0, pixmap)
        painter.end()
        return wide

    def set_icon(
        self, target: IconTarget, name: str, color: str = "text2", size: int = 18, *, gap: int = 0
    ) -> None:
        """Give a control an icon that is tinted again whenever the theme changes.

        The control is held weakly. Calling it again replaces the icon.
        """
        self._targets[target] = (name, color, size, gap)
        target.setIcon(self.icon(name, color, size, gap))


_installed: list[Theme] = []


def install(theme: Theme) -> Theme:
    """Make a theme the one that widgets use; returns it."""
    _installed[:] = [theme]
    return theme


def active() -> Theme:
    """Return the theme in use.

    Raises:
        RuntimeError: no theme was installed (the application does it before the first widget).
    """
    if not _installed:
        msg = "No theme is installed: call ui.theme.install(Theme(app)) before making widgets."
        raise RuntimeError(msg)
    return _installed[0]
