"""Outcomes on their way: none lost, none twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coordinator_app.domain.call import CallEnd
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import OutcomeDetails, WrapUp
from coordinator_app.domain.patient import Card
from coordinator_app.errors import (
    ClientTooOldError,
    ConfigurationError,
    InsecureConnectionError,
    NotAllowedError,
    NotConnectedError,
    RefusedError,
    SignInRefusedError,
    StaleError,
    TakenByAnotherError,
    UserFacingError,
)
from coordinator_app.secrets.memory import MemoryJournal
from coordinator_app.services.wrap_up import WrapUpDesk
from tests.helpers.fake_services import NOTE, AnsweringPractice, OrderedJournal, a_wrap_up

LINK_LOST = NotConnectedError("The practice cannot be reached.")


def test_journal_then_database_then_journal() -> None:
    order: list[str] = []
    desk = WrapUpDesk(AnsweringPractice(order=order), OrderedJournal(order))
    recorded, following = desk.submit(a_wrap_up(), then_next=False)
    assert recorded.result == "recorded"
    assert following is None
    assert order == ["put", "finish", "done", "drop_draft"]
    assert desk.pending() == ()


def test_the_next_patient_comes_with_the_answer() -> None:
    practice = AnsweringPractice()
    card = practice.claim_next(uuid7())
    assert isinstance(card, Card)
    call = practice.request_call(card.entry_id, card.fence, card.phones[0].id, uuid7())
    practice.end(call.id, CallEnd.NO_ANSWER)
    done = a_wrap_up(card.entry_id, call_id=call.id, fence=card.fence)
    _, following = WrapUpDesk(practice, MemoryJournal()).submit(done, then_next=True)
    assert isinstance(following, Card)
    assert following.entry_id != card.entry_id


def test_a_lost_link_keeps_it_pending_and_the_draft_too() -> None:
    desk = WrapUpDesk(AnsweringPractice(LINK_LOST), MemoryJournal())
    unsent = a_wrap_up()
    desk.save_draft(unsent.entry_id, unsent.details)
    with pytest.raises(NotConnectedError):
        desk.submit(unsent, then_next=True)
    assert desk.pending() == (unsent,)
    assert desk.draft(unsent.entry_id) == unsent.details


def test_resending_sends_each_once_in_order() -> None:
    practice = AnsweringPractice(LINK_LOST, LINK_LOST)
    desk = WrapUpDesk(practice, MemoryJournal())
    unsent = [a_wrap_up(), a_wrap_up()]
    for each in unsent:
        with pytest.raises(NotConnectedError):
            desk.submit(each, then_next=False)
    assert [recorded.result for recorded in desk.resend()] == ["recorded", "recorded"]
    assert practice.finished == unsent
    assert desk.pending() == ()
    assert desk.resend() == ()


def test_a_lost_answer_is_sent_again_and_counts_once() -> None:
    practice = AnsweringPractice()
    desk = WrapUpDesk(practice, MemoryJournal())
    practice.lose_next_answer()
    unsent = a_wrap_up()
    with pytest.raises(NotConnectedError):
        desk.submit(unsent, then_next=False)
    (again,) = desk.resend()
    assert again.result == "duplicate"
    assert list(practice.recorded) == [unsent.op_id]


def test_pressing_twice_after_a_lost_link_keeps_one() -> None:
    desk = WrapUpDesk(AnsweringPractice(LINK_LOST, LINK_LOST), MemoryJournal())
    unsent = a_wrap_up()
    for _ in range(2):
        with pytest.raises(NotConnectedError):
            desk.submit(unsent, then_next=False)
    assert desk.pending() == (unsent,)


def test_a_link_that_is_lost_while_resending_keeps_the_rest() -> None:
    journal = MemoryJournal()
    unsent = [a_wrap_up(), a_wrap_up(), a_wrap_up()]
    for each in unsent:
        journal.put(each)

    class LostAfterOne(AnsweringPractice):
        def _record(self, wrap_up: WrapUp) -> None:
            super()._record(wrap_up)
            self.failures = [LINK_LOST]

    desk = WrapUpDesk(LostAfterOne(), journal)
    with pytest.raises(NotConnectedError):
        desk.resend()
    assert desk.pending() == tuple(unsent[1:])


@pytest.mark.parametrize(
    "kind", [RefusedError, StaleError, NotAllowedError, TakenByAnotherError, UserFacingError]
)
def test_a_refused_outcome_goes_back_to_the_form(kind: type[UserFacingError]) -> None:
    desk = WrapUpDesk(AnsweringPractice(kind("The held time is gone.")), MemoryJournal())
    refused = a_wrap_up()
    with pytest.raises(kind):
        desk.submit(refused, then_next=False)
    assert desk.pending() == ()
    assert desk.draft(refused.entry_id) == refused.details


@pytest.mark.parametrize("kind", [InsecureConnectionError, SignInRefusedError, ClientTooOldError])
def test_an_error_of_the_way_there_says_nothing_about_the_outcome(
    kind: type[UserFacingError],
) -> None:
    desk = WrapUpDesk(AnsweringPractice(kind("Not now.")), MemoryJournal())
    unsent = a_wrap_up()
    with pytest.raises(kind):
        desk.submit(unsent, then_next=False)
    assert desk.pending() == (unsent,)


def test_another_call_keeps_its_own_fence_while_resending() -> None:
    practice = AnsweringPractice()
    card = practice.claim_next(uuid7())
    assert isinstance(card, Card)
    journal = MemoryJournal()
    journal.put(other := a_wrap_up(fence=card.fence + 7))
    WrapUpDesk(practice, journal).resend_each(card)
    assert practice.finished == [other]


def test_a_refusal_while_resending_is_told_and_the_others_go_on() -> None:
    journal = MemoryJournal()
    refused, good = a_wrap_up(), a_wrap_up()
    journal.put(refused)
    journal.put(good)
    desk = WrapUpDesk(AnsweringPractice(RefusedError("The held time is gone.")), journal)
    first, second = desk.resend()
    assert first.result == "refused"
    assert "The held time is gone." in first.follow_up
    assert second.result == "recorded"
    assert desk.pending() == ()
    assert desk.draft(refused.entry_id) == refused.details
    assert desk.draft(good.entry_id) is None


def test_our_own_bug_while_resending_is_seen_once_and_loses_no_words() -> None:
    journal = MemoryJournal()
    unsent = a_wrap_up()
    journal.put(unsent)
    desk = WrapUpDesk(AnsweringPractice(ZeroDivisionError("bug")), journal)
    with pytest.raises(ZeroDivisionError):
        desk.resend()
    assert desk.resend() == ()
    assert desk.draft(unsent.entry_id) == unsent.details


def test_a_full_disk_does_not_keep_an_outcome_from_the_database() -> None:
    journal = OrderedJournal([])
    journal.disk_full = True
    practice = AnsweringPractice()
    desk = WrapUpDesk(practice, journal)
    desk.submit(sent := a_wrap_up(), then_next=False)
    assert practice.finished == [sent]
    assert desk.pending() == ()


def test_with_a_full_disk_and_no_link_this_process_remembers_and_says_so() -> None:
    journal = OrderedJournal([])
    journal.disk_full = True
    desk = WrapUpDesk(AnsweringPractice(LINK_LOST), journal)
    unsent = a_wrap_up()
    desk.save_draft(unsent.entry_id, unsent.details)
    with pytest.raises(NotConnectedError):
        desk.submit(unsent, then_next=False)
    assert "cannot be written" in desk.problem
    assert desk.pending() == (unsent,)
    assert desk.draft(unsent.entry_id) == unsent.details
    journal.disk_full = False
    assert len(desk.resend()) == 1
    assert desk.pending() == ()
    assert desk.draft(unsent.entry_id) is None


def test_the_problem_ends_when_the_disk_has_room_again() -> None:
    journal = OrderedJournal([])
    desk = WrapUpDesk(AnsweringPractice(), journal)
    entry = uuid7()
    journal.disk_full = True
    desk.save_draft(entry, OutcomeDetails(note="one"))
    assert desk.problem
    journal.disk_full = False
    desk.save_draft(entry, OutcomeDetails(note="two"))
    assert desk.problem == ""
    assert journal.draft(entry) == OutcomeDetails(note="two")


def test_no_vault_is_a_standing_problem() -> None:
    desk = WrapUpDesk(AnsweringPractice(), MemoryJournal(), "Would not survive a crash.")
    desk.submit(a_wrap_up(), then_next=False)
    assert desk.problem == "Would not survive a crash."


def test_drafts_are_kept_for_each_patient_until_the_outcome() -> None:
    desk = WrapUpDesk(AnsweringPractice(), MemoryJournal())
    one, two = a_wrap_up(), a_wrap_up()
    desk.save_draft(one.entry_id, one.details)
    desk.save_draft(two.entry_id, replace(two.details, note="other"))
    desk.submit(one, then_next=False)
    assert desk.draft(one.entry_id) is None
    assert desk.draft(two.entry_id) == replace(two.details, note="other")


def test_an_emptied_form_leaves_no_draft() -> None:
    journal = MemoryJournal()
    desk = WrapUpDesk(AnsweringPractice(), journal)
    entry = uuid7()
    desk.save_draft(entry, OutcomeDetails(note=NOTE))
    desk.save_draft(entry, OutcomeDetails())
    assert journal.draft(entry) is None


def test_a_journal_that_cannot_forget_only_makes_a_duplicate() -> None:
    class Forgetless(MemoryJournal):
        def done(self, op_id: object) -> None:
            raise ConfigurationError("The journal cannot be written.")

    practice = AnsweringPractice()
    desk = WrapUpDesk(practice, Forgetless())
    sent = a_wrap_up()
    assert desk.submit(sent, then_next=False)[0].result == "recorded"
    assert desk.problem
    assert [recorded.result for recorded in desk.resend()] == ["duplicate"]
