"""What each key does at the workstation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coordinator_app.domain.outcome import OUTCOMES
from ui.shortcuts import outcome_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction

    from ui.pages.workstation import Workstation
    from ui.shortcuts import Keymap

__all__ = ["make_actions"]


def make_actions(page: Workstation, keymap: Keymap) -> tuple[QAction, ...]:
    """Give the page its keys; returns those of the outcomes, disabled until a call needs one."""
    runs: dict[str, Callable[[], object]] = {
        "outcome.save_next": page.wrap.save.click,
        "queue.claim_next": page.claim_next,
        "queue.skip": page.wrap.open_skip,
        "queue.find": page.queue.focus_find,
        "queue.refresh": page.refresh,
        "patient.verify": page.script.start_identity,
        "patient.note": page.wrap.note.setFocus,
        "patient.privacy": page.toggle_privacy,
        "script.focus": page.script.text.setFocus,
        "script.next": lambda: page.script.go(1),
        "script.previous": lambda: page.script.go(-1),
        "script.language": page.script.toggle_language,
        "openings.focus": page.openings.focus_grid,
        "openings.book": page.book.book_now,
        "openings.next": lambda: page.openings.go(1),
        "openings.previous": lambda: page.openings.go(-1),
        "openings.later": lambda: page.openings.turn(1),
        "openings.earlier": lambda: page.openings.turn(-1),
    }
    for name, run in runs.items():
        keymap.action(name, page, run)
    outcomes = []
    for spec in OUTCOMES:
        press = partial(page.outcome.press, spec.outcome)
        action = keymap.action(outcome_id(spec.outcome), page, press)
        action.setEnabled(False)
        outcomes.append(action)
    return tuple(outcomes)
