"""The recordings of one call: what is kept and why, who listened, and listening."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from ui.messages import Level
from ui.models.words import length, moment, within
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import Elide
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.sound_player import SoundPlayer
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.logs import CallLogRow
    from coordinator_app.domain.recording import RecordingRow
    from ui.widgets.sound_engine import SoundEngine

__all__ = ["RecordingPanel"]

_LEAST_LISTEN = 3  # letters of a reason; the database asks for as many
_LEAST_CHANGE = 5


class RecordingPanel(Card):
    """Belongs to one call from :meth:`begin` on. Nothing is decided here.

    Signals:
        listen_wanted: (recording id, reason).
        hold_wanted: (recording id, reason, hold) True puts a legal hold on it, False ends it.
        delete_wanted: (recording id, reason).
        closed: back to the call.
    """

    listen_wanted = Signal(object, str)
    hold_wanted = Signal(object, str, bool)
    delete_wanted = Signal(object, str)
    closed = Signal()

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        engine: Callable[[QObject], SoundEngine] | None,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty panel.

        Args:
            now: the practice's clock.
            zone: the practice's zone.
            engine: makes what plays; None where this computer has nothing for it.
            parent: Qt parent.
        """
        super().__init__("Recording", parent)
        self.title.setText(self.tr("Recording"))
        self.setAccessibleName(self.tr("Recording of a call"))
        self.setObjectName("call_log_recording")
        self._now = now
        self._zone = zone
        self._rows: tuple[RecordingRow, ...] = ()
        self.call: CallLogRow | None = None
        self.who = Elide("", "strong")
        words = self.tr("Which recording")
        self.which = named(ElideCombo(words, words), "recording_which")
        column = self._form = FormColumn(self.tr("About the recording"))
        self.facts = {
            key: column.fact(caption)
            for key, caption in (
                ("when", self.tr("Recorded")),
                ("state", self.tr("Where it is")),
                ("agreed", self.tr("The patient agreed")),
                ("until", self.tr("Is deleted")),
                ("hold", self.tr("Kept longer")),
                ("listened", self.tr("Who listened")),
            )
        }
        self.reason = named(QLineEdit(), "recording_reason", self.tr("Reason"))
        self.reason.setPlaceholderText(self.tr("Why, in a few words"))
        self.reason.setMaxLength(300)
        column.field(self.tr("Reason (it stays with the recording)"), self.reason)
        self.player = SoundPlayer(engine)
        self.notice = named(Notice(), "recording_notice")
        self.listen = named(Button(self.tr("Listen"), "primary", "play"), "recording_listen")
        self.hold = named(Button(self.tr("Keep: legal hold"), size="small"), "recording_hold")
        self.delete = named(Button(self.tr("Delete…"), size="small"), "recording_delete")
        self.close_panel = named(Button(self.tr("Close")), "recording_close")
        manage = QHBoxLayout()
        manage.addWidget(self.hold, 1)
        manage.addWidget(self.delete, 1)
        last = QHBoxLayout()
        last.addWidget(self.close_panel)
        last.addWidget(self.listen, 1)
        self.body.addWidget(self.who)
        self.body.addWidget(self.which)
        self.body.addWidget(column, 1)
        self.body.addWidget(self.notice)
        self.body.addWidget(self.player)
        self.body.addLayout(manage)
        self.body.addLayout(last)
        self._connect()
        self.forget()
        follow_theme(self._fit)

    def _connect(self) -> None:
        self.which.currentIndexChanged.connect(lambda _: self._show())
        self.reason.textChanged.connect(lambda _: self._offer())
        self.reason.returnPressed.connect(self.listen.click)
        self.listen.clicked.connect(self._listen)
        self.hold.clicked.connect(self._hold)
        self.delete.clicked.connect(self._delete)
        self.close_panel.clicked.connect(self.closed)
        self.player.failed.connect(
            lambda: self.notice.say(self.tr("This computer could not play the sound."))
        )

    def _fit(self) -> None:
        self.setFixedWidth(active().px(330))

    # -- what is shown ------------------------------------------------------------------------

    @property
    def chosen(self) -> RecordingRow | None:
        """The recording that is shown."""
        at = self.which.currentIndex()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def begin(self, call: CallLogRow) -> None:
        """Belong to a call; its recordings are on their way."""
        self.forget()
        self.call = call
        self.who.setText(call.patient)

    def show_rows(self, rows: Sequence[RecordingRow]) -> None:
        """Show the recordings of the call; the chosen one stays chosen."""
        chosen = self.chosen
        self._rows = tuple(rows)
        self.which.blockSignals(True)
        self.which.clear()
        for number, row in enumerate(rows, start=1):
            at = "" if row.started_at is None else moment(row.started_at, self._zone, self._now())
            self.which.addItem(f"{number} · {at}", row.id)
        place = self.which.findData(chosen.id) if chosen is not None else -1
        self.which.setCurrentIndex(place if place >= 0 else len(rows) - 1)
        self.which.blockSignals(False)
        self.which.setVisible(len(rows) > 1)
        self._show()

    def show_listened(self, rows: Sequence[RecordingRow]) -> None:
        """Show who listened since; what plays goes on."""
        if [row.id for row in rows] != [row.id for row in self._rows]:
            self.show_rows(rows)
            return
        self._rows = tuple(rows)
        if self.chosen is not None:
            self.facts["listened"].setText(self._listened(self.chosen))

    def replace_row(self, changed: RecordingRow) -> None:
        """Show what became of one of them."""
        self.show_rows([changed if row.id == changed.id else row for row in self._rows])

    def play(self, recording_id: UUID, content: bytes) -> None:
        """Play a sound, if its recording is still the chosen one."""
        if self.chosen is not None and self.chosen.id == recording_id:
            self.player.play(content)

    def tell(self, sentence: str, level: Level = Level.ERROR) -> None:
        """Say what was refused, or what came of it."""
        self.notice.say(sentence, level)

    def set_busy(self, *, busy: bool) -> None:
        """The sound is on its way."""
        self.listen.set_busy(self.tr("Opening…") if busy else "")
        if not busy:
            self._offer()

    def forget(self) -> None:
        """Keep no patient and no sound."""
        self.player.forget()
        self.call = None
        self._rows = ()
        self.who.setText("")
        self.which.clear()
        self.which.hide()
        self.reason.clear()
        self.notice.say("")
        self.listen.set_busy("")
        self._show()

    def _show(self) -> None:
        row = self.chosen
        self.player.forget()
        if row is None:
            for value in self.facts.values():
                value.setText("")
            self.facts["state"].setText(self.tr("Loading…") if self.call is not None else "")
            self._offer()
            return
        at = self.tr("never began")
        if row.started_at is not None:
            at = moment(row.started_at, self._zone)
            at += "" if row.seconds is None else f" · {length(row.seconds)}"
        agreed = within(moment(row.agreed_at, self._zone, self._now()))
        until = "–" if row.deleted_from is None else moment(row.deleted_from, self._zone)
        if row.hold:
            until = self.tr("not while it is kept")
        facts = {
            "when": at,
            "state": self._state(row),
            "agreed": f"{agreed[:1].upper()}{agreed[1:]}. {row.agreed_under}",
            "until": until,
            "hold": row.hold + (f" ({row.held_by})" if row.held_by else ""),
            "listened": self._listened(row),
        }
        for key, text in facts.items():
            self.facts[key].setText(text)
        self._form.set_shown(self.facts["hold"], bool(row.hold))
        self._form.set_shown(self.facts["until"], row.deleted_from is not None)
        self._offer()

    def _state(self, row: RecordingRow) -> str:
        words = {
            "kept": self.tr("Here, encrypted; deleted at the carrier"),
            "fetched": self.tr("Here, encrypted; being deleted at the carrier"),
            "stopped": self.tr("Being fetched from the carrier"),
            "discarded": self.tr("Deleted"),
            "failed": self.tr("Nothing was recorded"),
        }.get(row.state, self.tr("The call is being recorded now"))
        because = row.gone_because or row.sentence
        return f"{words}. {because}" if because else words

    def _listened(self, row: RecordingRow) -> str:
        lines = [
            f"{x.by}, {within(moment(x.at, self._zone, self._now()))}: {x.reason}"
            for x in row.listened
        ]
        return "\n".join(lines) or self.tr("Nobody yet")

    def _offer(self) -> None:
        row = self.chosen
        said = len(self.reason.text().strip())
        playable = row is not None and row.playable
        able = playable and self.player.possible
        self.listen.setVisible(playable)
        if not self.listen.busy:
            self.listen.setEnabled(able and said >= _LEAST_LISTEN)
        manages = row is not None and row.may_manage and row.state in {"kept", "fetched"}
        for button in (self.hold, self.delete):
            button.setVisible(manages)
            button.setEnabled(said >= _LEAST_CHANGE)
        held = row is not None and row.hold.startswith("Legal hold")
        self.hold.set_label(self.tr("End the hold") if held else self.tr("Keep: legal hold"))
        self.hold.setEnabled(said >= _LEAST_CHANGE)
        if row is not None and row.hold:
            self.delete.setEnabled(False)
        if playable and not self.player.possible:
            self.notice.say(
                self.tr(
                    "To hear it, this computer needs the program’s sound part (and, on Linux, "
                    "libpulse0): ask your administrator for the installation with “sound”."
                ),
                Level.INFO,
                "info",
            )

    # -- what is pressed ----------------------------------------------------------------------

    def _listen(self) -> None:
        if self.chosen is not None and self.listen.isEnabled():
            self.notice.say("")
            self.listen_wanted.emit(self.chosen.id, self.reason.text().strip())

    def _hold(self) -> None:
        row = self.chosen
        if row is not None:
            self.hold_wanted.emit(row.id, self.reason.text().strip(), not row.hold)

    def _delete(self) -> None:
        if self.chosen is not None:
            self.delete_wanted.emit(self.chosen.id, self.reason.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the call."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
