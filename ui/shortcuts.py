"""One table of keys: actions, tooltips, the hint bar and the F1 list all read it.

Plain digits and letters are safe as shortcuts: a focused text field takes them first
(ShortcutOverride), so a note never chooses an outcome. Left out on purpose: F10 (opens menus),
F12 (stops in debuggers) and Ctrl+Alt (types characters on Spanish keyboards).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from coordinator_app.domain.outcome import OUTCOMES, Outcome, OutcomeSpec

__all__ = ["BINDINGS", "FORBIDDEN", "Binding", "Group", "Keymap", "outcome_id"]


class Group(StrEnum):
    """Headings of the F1 list, in its order."""

    CALL = "Call"
    OUTCOME = "Outcome"
    QUEUE = "Queue"
    PATIENT = "Patient and script"
    SCHEDULE = "Openings"
    WINDOW = "Window"


@dataclass(frozen=True, slots=True)
class Binding:
    """One thing that a key does.

    Attributes:
        id: stable name, used in settings and in code.
        keys: portable key sequences; the first is the one that is shown.
        label: what it does, as in the F1 list.
        group: its heading there.
        hint: short label in the hint bar; empty keeps it out of the bar.
        while_locked: it still works while the screen is locked. Only hanging up does: a lock
            that lets keys through is none (ui.md section 8).
    """

    id: str
    keys: tuple[str, ...]
    label: str
    group: Group
    hint: str = ""
    while_locked: bool = False


def outcome_id(outcome: Outcome) -> str:
    """Return the binding id of an outcome."""
    return f"outcome.{outcome.value.lower()}"


def _outcome_binding(spec: OutcomeSpec) -> Binding:
    # The second one is for people whose screen reader keeps plain keys for itself.
    keys = (spec.key, f"Alt+{spec.key}")
    return Binding(outcome_id(spec.outcome), keys, spec.label, Group.OUTCOME)


_G = Group
BINDINGS: tuple[Binding, ...] = (
    Binding("call.dial", ("F5",), "Dial", _G.CALL, "Dial"),
    Binding("call.heard", ("F3",), "I hear you: I am on my phone", _G.CALL),
    Binding("call.hang_up", ("F8",), "Hang up", _G.CALL, "Hang up", while_locked=True),
    Binding("call.voicemail", ("F4",), "Voicemail script", _G.CALL, "Voicemail"),
    Binding("call.mute", ("F6",), "Mute or unmute", _G.CALL),
    Binding("call.hold", ("F7",), "Hold or resume", _G.CALL),
    Binding("call.keypad", ("F9",), "Keypad", _G.CALL),
    Binding("call.help", ("F11",), "Ask a supervisor for help", _G.CALL),
    Binding("call.recording", ("Ctrl+Shift+R",), "Record, pause the recording, go on", _G.CALL),
    *(_outcome_binding(spec) for spec in OUTCOMES),
    Binding(
        "outcome.save_next",
        ("Ctrl+Return", "Ctrl+Enter"),
        "Save and next",
        _G.OUTCOME,
        "Save, next",
    ),
    Binding("call_log.correct", ("Ctrl+K",), "Correct a recorded outcome", _G.OUTCOME, "Correct"),
    Binding("queue.claim_next", ("Ctrl+N",), "Take the next patient", _G.QUEUE, "Next patient"),
    Binding("queue.skip", ("Ctrl+S",), "Skip with a reason", _G.QUEUE),
    Binding("queue.find", ("Ctrl+F",), "Find in the queue", _G.QUEUE),
    Binding("queue.refresh", ("Ctrl+R",), "Load the page again", _G.QUEUE),
    Binding("patient.verify", ("Ctrl+D",), "Identity check", _G.PATIENT),
    Binding("patient.note", ("Ctrl+T",), "Write a note", _G.PATIENT),
    Binding("patient.privacy", ("Ctrl+H",), "Hide or show the patient", _G.PATIENT),
    Binding("script.focus", ("F2",), "Read the script", _G.PATIENT),
    Binding("script.next", ("Ctrl+Down",), "Next step of the script", _G.PATIENT),
    Binding("script.previous", ("Ctrl+Up",), "Step before", _G.PATIENT),
    Binding("script.language", ("Ctrl+E",), "Script in English or Spanish", _G.PATIENT),
    Binding("openings.focus", ("Ctrl+B",), "Go to the openings", _G.SCHEDULE, "Book"),
    Binding("openings.next", ("Ctrl+Right",), "Next opening", _G.SCHEDULE),
    Binding("openings.previous", ("Ctrl+Left",), "Opening before", _G.SCHEDULE),
    Binding("openings.book", ("Ctrl+Shift+B",), "Book the held time now", _G.SCHEDULE),
    Binding("openings.later", ("Ctrl+PgDown",), "Next week", _G.SCHEDULE),
    Binding("openings.earlier", ("Ctrl+PgUp",), "Week before", _G.SCHEDULE),
    Binding("page.queue", ("Ctrl+1",), "Queue", _G.WINDOW),
    Binding("page.schedule", ("Ctrl+2",), "Schedule", _G.WINDOW),
    Binding("page.callbacks", ("Ctrl+3",), "Callbacks", _G.WINDOW),
    Binding("page.call_log", ("Ctrl+4",), "Call log", _G.WINDOW),
    Binding("page.team", ("Ctrl+5",), "Team", _G.WINDOW),
    Binding("page.people", ("Ctrl+6",), "People", _G.WINDOW),
    Binding("page.privacy", ("Ctrl+7",), "Privacy", _G.WINDOW),
    Binding("page.find", ("Ctrl+Shift+F",), "Find a patient", _G.WINDOW),
    Binding("window.settings", ("Ctrl+,",), "Settings", _G.WINDOW),
    Binding("window.lock", ("Ctrl+L",), "Lock the screen", _G.WINDOW, "Lock"),
    Binding("window.larger", ("Ctrl++", "Ctrl+="), "Larger text", _G.WINDOW),
    Binding("window.smaller", ("Ctrl+-",), "Smaller text", _G.WINDOW),
    Binding("window.keys", ("F1",), "List of keys", _G.WINDOW, "Keys"),
)

FORBIDDEN = ("F10", "F12", "Ctrl+Alt+")

# Tab order and typing live on these; taking one as a shortcut would break text fields.
_RESERVED = {"Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Y", "Ctrl+Z", "Tab", "Shift+Tab", "Esc"}


def _portable(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)


def _tr(text: str) -> str:
    return QCoreApplication.translate("keymap", text)


class Keymap:
    """The table with a person's own changes on top."""

    def __init__(
        self,
        overrides: Mapping[str, Sequence[str]] | None = None,
        bindings: Iterable[Binding] = BINDINGS,
    ) -> None:
        """Put changes on top of the defaults.

        Args:
            overrides: binding id -> key sequences in portable form; an empty list takes the
                key away. Ids that no longer exist are ignored (settings outlive versions).
            bindings: the defaults.

        Raises:
            ValueError: two bindings share a key, or a key is unknown, forbidden or reserved.
        """
        changes = overrides or {}
        self._bindings = {
            item.id: replace(item, keys=tuple(changes.get(item.id, item.keys))) for item in bindings
        }
        problems = self._problems()
        if problems:
            raise ValueError(" ".join(problems))

    def _problems(self) -> list[str]:
        users: defaultdict[str, set[str]] = defaultdict(set)
        problems = []
        for item in self._bindings.values():
            for keys in item.keys:
                portable = _portable(keys)
                if not portable or any(part in portable for part in FORBIDDEN):
                    problems.append(f"The key {keys!r} cannot be used for “{item.label}”.")
                elif portable in _RESERVED:
                    problems.append(f"The key {keys!r} is needed for typing.")
                users[portable].add(item.label)
        problems += [
            f"The key {keys} is used for {' and '.join(sorted(labels))}."
            for keys, labels in users.items()
            if len(labels) > 1
        ]
        return problems

    def binding(self, name: str) -> Binding:
        """Return a binding. Raises KeyError for an unknown id."""
        return self._bindings[name]

    def sequences(self, name: str) -> list[QKeySequence]:
        """Return the key sequences of a binding. Raises KeyError."""
        return [QKeySequence(keys) for keys in self._bindings[name].keys]

    def text(self, name: str) -> str:
        """Return the first key as people of this system write it, or "" when it has none."""
        sequences = self.sequences(name)
        if not sequences:
            return ""
        native = sequences[0].toString(QKeySequence.SequenceFormat.NativeText)
        return native.replace("Return", "Enter")  # what is printed on the key

    def label(self, name: str) -> str:
        """Return what a binding does, in the language of the window. Raises KeyError."""
        return _tr(self._bindings[name].label)

    def tooltip(self, name: str, label: str = "") -> str:
        """Return "Label (key)"; the binding's own label when none is given."""
        shown, key = label or self.label(name), self.text(name)
        return f"{shown} ({key})" if key else shown

    def hints(self, works: Container[str] | None = None) -> list[tuple[str, str]]:
        """Return (key, short label) for the hint bar, in the table's order.

        Args:
            works: ids of the bindings that do something now; None takes all.
        """
        return [
            (self.text(item.id), _tr(item.hint))
            for item in self._bindings.values()
            if item.hint and item.keys and (works is None or item.id in works)
        ]

    def by_group(self) -> dict[Group, list[Binding]]:
        """Return all bindings under their headings, for the F1 list."""
        groups: dict[Group, list[Binding]] = {group: [] for group in Group}
        for item in self._bindings.values():
            groups[item.group].append(item)
        return groups

    def action(self, name: str, owner: QWidget, run: Callable[[], object]) -> QAction:
        """Make the action of a binding and add it to a window or a page.

        The action's object name is the binding id. Keys work in the whole window of ``owner``;
        ``data()`` is True for the few that still work while the screen is locked.
        """
        item = self._bindings[name]
        action = QAction(self.label(name), owner)
        action.setObjectName(name)
        action.setShortcuts(self.sequences(name))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setToolTip(self.tooltip(name))
        action.setAutoRepeat(False)  # a key held down must not dial twice
        action.setData(item.while_locked)
        action.triggered.connect(lambda *_: run())
        owner.addAction(action)
        return action
