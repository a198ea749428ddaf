"""The pages of one person's window, each made when it is first wanted.

A page costs up to 100 ms to make and most are not opened in a shift's first hour, so that
signing in does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtWidgets import QStackedWidget

from ui.pages.page import Page

__all__ = ["PageSet"]


class PageSet(Mapping[str, Page]):
    """Page by key, in the order of the rail. ``pages[key]`` makes what is not there yet."""

    def __init__(
        self, keys: tuple[str, ...], make: Callable[[str], Page], stack: QStackedWidget
    ) -> None:
        """``make``: builds the page of a key; ``stack``: where pages stand."""
        self._keys = keys
        self._make = make
        self._stack = stack
        self._made: dict[str, Page] = {}

    def __getitem__(self, key: str) -> Page:
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._made:
            page = self._make(key)
            self._made[key] = page
            self._stack.addWidget(page)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def made(self) -> tuple[Page, ...]:
        """The pages that exist."""
        return tuple(self._made.values())

    @property
    def current(self) -> str:
        """The key of the page on the screen."""
        shown = self._stack.currentWidget()
        return next(key for key, page in self._made.items() if page is shown)

    def show(self, key: str) -> Page:
        """Put a page on the screen. Raises KeyError when this person does not have it."""
        page = self[key]
        self._stack.setCurrentWidget(page)
        return page
