"""What the application lends to every session."""

from __future__ import annotations

from dataclasses import dataclass, field

from ui.messages import MessageBus
from ui.preferences import Preferences
from ui.shortcuts import Keymap
from ui.softphone.kit import SoftphoneKit
from ui.theme import Theme

__all__ = ["Tools"]


@dataclass(frozen=True, slots=True)
class Tools:
    """One of each for the whole program."""

    theme: Theme
    keymap: Keymap
    messages: MessageBus
    preferences: Preferences
    version: str
    softphone: SoftphoneKit = field(default_factory=SoftphoneKit)
