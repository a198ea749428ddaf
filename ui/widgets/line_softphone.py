"""A part of a line's set-up: the key that signs in the softphones of the practice's people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ui.models.words import moment
from ui.widgets.key_form import KeyForm, KeyWords

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.ear import SoftphoneKey

__all__ = ["SoftphoneStep"]


def _words() -> KeyWords:
    def tr(words: str) -> str:
        return QCoreApplication.translate("SoftphoneStep", words)

    return KeyWords(
        title=tr("Softphone"),
        first=(
            tr(
                "Needed only where people hear calls in the program; who uses their own phone or "
                "a SIP phone needs none of it."
            ),
            tr(
                "At the carrier, make a key of its own for this, of the same account and of the "
                "kind “standard”: a restricted key signs nobody in."
            ),
        ),
        use=tr("Use this key"),
        busy=tr("Asking…"),
        forget=tr("Take the key away"),
        code=tr("The key is changed only with the six digits of your app."),
    )


class SoftphoneStep(KeyForm):
    """Says which key signs softphones in, and takes another one or takes it away."""

    def __init__(self, now: Callable[[], datetime], zone: str) -> None:
        """Make an empty step; ``now`` is the practice's time, ``zone`` its IANA zone."""
        super().__init__("softphone", _words())
        self._now, self._zone = now, zone
        self.small.setText(
            self.tr(
                "The database signs with the key and shows it to nobody; it lies there unsealed, "
                "as in every backup. Each person’s softphone gets a pass of ten minutes."
            )
        )

    def show_key(self, key: SoftphoneKey, *, demo: bool) -> None:
        """Show which key is in use."""
        there = key.set_at is not None
        if key.set_at is None:
            words = self.tr("None: nobody can hear calls in the program")
        else:
            words = self.tr("Key …%1 of account …%2, entered by %3 (%4)")
            words = words.replace("%1", key.key_sid[-4:]).replace("%2", key.account_sid[-4:])
            words = words.replace("%3", key.set_by)
            words = words.replace("%4", moment(key.set_at, self._zone, self._now()))
        if demo:
            words = self.tr("The practice line: its softphone needs no key")
        self.state.setText(words)
        self.heading.setText(self.tr("Another key") if there else self.tr("Enter a key"))
        self.show_fields(not demo)
        self.forget_it.setVisible(there and not demo)
