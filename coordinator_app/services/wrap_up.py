"""Outcomes on their way to the database: kept first, sent second, forgotten third."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from coordinator_app.domain.outcome import OutcomeDetails, Recorded, WrapUp
from coordinator_app.domain.patient import Card
from coordinator_app.domain.queue import Gate
from coordinator_app.errors import (
    ClientTooOldError,
    ConfigurationError,
    InsecureConnectionError,
    NotConnectedError,
    SignInRefusedError,
    UserFacingError,
)
from coordinator_app.ports import Journal, PracticeDatabase

# Errors of the way to the database: they say nothing about the outcome itself, so it waits. Every
# other sentence is an answer, and sending the same again would be answered the same.
_NO_ANSWER = (NotConnectedError, InsecureConnectionError, SignInRefusedError, ClientTooOldError)


class WrapUpDesk:
    """Sends outcomes so that none is lost and none counts twice.

    Outcomes from one thread at a time (the window's database lane); drafts from another, which
    must not wait for a database that does not answer. ``problem`` is "" or a
    sentence: this computer cannot keep unsent work at the moment, so it must not be switched off
    before the work was sent.
    """

    def __init__(self, practice: PracticeDatabase, journal: Journal, problem: str = "") -> None:
        self._practice = practice
        self._journal = journal
        self._unkept: dict[UUID, WrapUp] = {}  # the disk refused them; this process remembers
        self._unkept_drafts: dict[UUID, OutcomeDetails] = {}
        self._problem = problem
        self._disk_problem = ""

    @property
    def problem(self) -> str:
        """Why unsent work would not survive a crash, or ""."""
        return self._disk_problem or self._problem

    def submit(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        """Record an outcome, and claim the next patient when asked.

        Journal, database, journal again: killed at any point, the outcome is sent again at the
        next sign-in, under the same ``op_id``.

        Raises:
            NotConnectedError: the outcome stays in ``pending``; ``resend`` when the link is back.
            RefusedError (or StaleError, NotAllowedError, TakenByAnotherError): the database will
                not take it like this; it is no longer pending and what was typed is the draft.
        """
        self._keep(wrap_up)
        answer = self._send(wrap_up, then_next=then_next)
        self._settled(wrap_up)
        return answer

    def pending(self) -> tuple[WrapUp, ...]:
        """Outcomes that the database has not confirmed, oldest first."""
        return (*self._journal.pending(), *self._unkept.values())

    def resend(self) -> tuple[Recorded, ...]:
        """Send all that is pending, oldest first; one result for each.

        An outcome that the database refuses becomes the draft of its patient and is reported as
        a ``Recorded`` with the result ``"refused"`` and the reason in words.

        Raises NotConnectedError: the rest stays pending.
        """
        return tuple(recorded for _, recorded in self.resend_each())

    def resend_each(self, held: Card | None = None) -> tuple[tuple[WrapUp, Recorded], ...]:
        """As ``resend``, each result beside what was sent.

        Args:
            held: the unfinished patient that signing in has just claimed anew. The outcome of
                that call belongs to the new claim; under the old fence the database would keep
                it as late, and schedule nothing.
        """
        done: list[tuple[WrapUp, Recorded]] = []
        for kept in self.pending():
            wrap_up = _under_the_claim(kept, held)
            try:
                recorded, _ = self._send(wrap_up, then_next=False)
            except _NO_ANSWER:
                raise
            except UserFacingError as refusal:
                recorded = Recorded("refused", _refused_sentence(refusal))
            except Exception:
                # Our bug. It must be seen, once; but it must not meet this person at every
                # sign-in for ever. What was typed stays as the draft.
                self._back_to_draft(wrap_up)
                raise
            else:
                self._settled(wrap_up)
            done.append((wrap_up, recorded))
        return tuple(done)

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        """Keep what is being typed for this patient; empty details forget it. Never raises."""
        if details == OutcomeDetails():
            self.drop_draft(entry_id)
            return
        try:
            self._journal.save_draft(entry_id, details)
        except ConfigurationError as error:
            self._unkept_drafts[entry_id] = details
            self._disk_problem = error.sentence
        else:
            self._unkept_drafts.pop(entry_id, None)
            self._disk_problem = ""

    def draft(self, entry_id: UUID) -> OutcomeDetails | None:
        """What was typed for this patient and not sent, or None."""
        return self._unkept_drafts.get(entry_id) or self._journal.draft(entry_id)

    def drop_draft(self, entry_id: UUID) -> None:
        """Forget what was typed for this patient. Never raises."""
        self._unkept_drafts.pop(entry_id, None)
        try:
            self._journal.drop_draft(entry_id)
        except ConfigurationError as error:
            self._disk_problem = error.sentence

    def _send(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        try:
            return self._practice.finish(wrap_up, then_next=then_next)
        except _NO_ANSWER:
            raise
        except UserFacingError:
            self._back_to_draft(wrap_up)
            raise

    def _keep(self, wrap_up: WrapUp) -> None:
        try:
            self._journal.put(wrap_up)
        except ConfigurationError as error:
            # A full disk must not keep an outcome from the database.
            self._unkept[wrap_up.op_id] = wrap_up
            self._disk_problem = error.sentence
        else:
            self._unkept.pop(wrap_up.op_id, None)
            self._disk_problem = ""

    def _back_to_draft(self, wrap_up: WrapUp) -> None:
        """Words first, then forget: killed between the two, both are there."""
        self.save_draft(wrap_up.entry_id, wrap_up.details)
        self._forget(wrap_up)

    def _settled(self, wrap_up: WrapUp) -> None:
        self._forget(wrap_up)
        self.drop_draft(wrap_up.entry_id)

    def _forget(self, wrap_up: WrapUp) -> None:
        self._unkept.pop(wrap_up.op_id, None)
        try:
            self._journal.done(wrap_up.op_id)
        except ConfigurationError as error:  # sent again later, and then a duplicate: harmless
            self._disk_problem = error.sentence


def _under_the_claim(wrap_up: WrapUp, held: Card | None) -> WrapUp:
    if held is None or held.call is None or held.call.id != wrap_up.call_id:
        return wrap_up
    return replace(wrap_up, fence=held.fence)


def _refused_sentence(refusal: UserFacingError) -> str:
    return (
        f"An outcome from before was not accepted: {refusal.sentence} What you typed was kept; "
        "open that patient to finish it."
    )
