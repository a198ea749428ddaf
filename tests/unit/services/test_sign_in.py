"""Signing in, what is remembered, and what an earlier run left over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from coordinator_app.config import Settings
from coordinator_app.domain.call import CallEnd
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.patient import Card
from coordinator_app.domain.practice import Practice
from coordinator_app.domain.session import Connection, DemoPerson, SignedIn, TlsMode
from coordinator_app.errors import (
    ClientTooOldError,
    ConfigurationError,
    InsecureConnectionError,
    NotConnectedError,
    RefusedError,
    SecondFactorNeededError,
    SignInRefusedError,
    UserFacingError,
    WrongCodeError,
)
from coordinator_app.secrets.memory import MemoryJournal, MemorySecretStore
from coordinator_app.services.sign_in import (
    DemoPractice,
    OpenJournal,
    SignInService,
    forget_receipts,
)
from tests.helpers.fake_practice import RECEIPT, FakePractice
from tests.helpers.fake_services import (
    NOTE,
    PASSWORD,
    AnsweringPractice,
    OnePasswordConnector,
    OrderedJournal,
    a_wrap_up,
)

REMOTE = Connection(
    "Harbor Clinic", "db.harbor.example", 5432, "practice", "jordan", TlsMode.VERIFY_FULL
)
DEMO = Connection("Demo practice", "127.0.0.1", 54321, "demo", "jordan", TlsMode.LOOPBACK)
NO_VAULT = "This computer has no vault."


@dataclass
class Scene:
    """A sign-in service with everything around it faked."""

    folder: Path
    practices: list[FakePractice] = field(default_factory=list)
    vault: MemorySecretStore = field(default_factory=lambda: MemorySecretStore(reason=""))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    journal_problem: str = ""
    lasting: bool = True
    demo: DemoPractice | None = None

    def __post_init__(self) -> None:
        self.settings = Settings(self.folder / "config", self.folder / "state")
        self.connector = OnePasswordConnector(*self.practices)
        self.opened_for: list[tuple[Connection, Practice]] = []

    def service(self) -> SignInService:
        return SignInService(
            self.settings,
            self.connector,
            self.vault,
            self._open_journal,
            client_version="0.1.0",
            device="test",
            demo=self.demo,
        )

    def _open_journal(self, connection: Connection, practice: Practice) -> OpenJournal:
        self.opened_for.append((connection, practice))
        return OpenJournal(self.journal, self.journal_problem, self.lasting)


def test_signing_in_gives_all_that_the_first_screen_needs(tmp_path: Path) -> None:
    practice = FakePractice()
    scene = Scene(tmp_path, [practice])
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert session.signed_in.person.login == "jordan"
    assert session.connection == REMOTE
    assert session.practice is practice
    assert session.clock.now() >= session.signed_in.now
    assert session.notices == ()
    assert session.desk.problem == ""


@pytest.mark.parametrize(
    ("connection", "error"),
    [
        (replace(REMOTE, tls=TlsMode.LOOPBACK), InsecureConnectionError),
        (replace(REMOTE, host="127.0.0.1.evil.example", tls=TlsMode.LOOPBACK),
         InsecureConnectionError),
        (replace(REMOTE, user=""), ConfigurationError),
    ],
)  # fmt: skip
def test_an_unsafe_connection_is_refused_before_anything_is_sent(
    tmp_path: Path, connection: Connection, error: type[UserFacingError]
) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(error):
        scene.service().sign_in(connection, PASSWORD, remember=True)
    assert scene.connector.asked == []
    assert scene.service().remembered(connection) is None


def test_a_wrong_password_is_not_remembered_and_the_old_one_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    service = scene.service()
    service.sign_in(REMOTE, PASSWORD, remember=True)
    with pytest.raises(SignInRefusedError):
        service.sign_in(REMOTE, "wrong", remember=True)
    assert service.remembered(REMOTE) == PASSWORD


@pytest.mark.parametrize("kind", [SignInRefusedError, ClientTooOldError, NotConnectedError])
def test_a_refusal_after_the_login_closes_the_connection(
    tmp_path: Path, kind: type[UserFacingError]
) -> None:
    class Refusing(FakePractice):
        def sign_in(self, client_version: str, device: str) -> SignedIn:
            raise kind("Your training has expired.")

    practice = Refusing()
    scene = Scene(tmp_path, [practice])
    with pytest.raises(kind, match="training"):
        scene.service().sign_in(REMOTE, PASSWORD, remember=True)
    assert practice.closed
    assert scene.service().remembered(REMOTE) is None


def test_remembering_and_forgetting(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    service = scene.service()
    assert service.vault() == ""
    assert service.remembered(REMOTE) is None
    service.sign_in(REMOTE, PASSWORD, remember=True)
    assert service.remembered(REMOTE) == PASSWORD
    assert service.remembered(replace(REMOTE, user="dana")) is None
    service.forget(REMOTE)
    assert service.remembered(REMOTE) is None


def test_signing_in_without_the_tick_forgets(tmp_path: Path) -> None:
    service = Scene(tmp_path).service()
    service.sign_in(REMOTE, PASSWORD, remember=True)
    service.sign_in(REMOTE, PASSWORD, remember=False)
    assert service.remembered(REMOTE) is None


def test_no_vault_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    scene = Scene(tmp_path, vault=MemorySecretStore(NO_VAULT))
    service = scene.service()
    assert service.vault() == NO_VAULT
    session = service.sign_in(REMOTE, PASSWORD, remember=True)
    assert NO_VAULT in session.notices
    files = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not any(PASSWORD in content for content in files)


def test_the_list_of_practices(tmp_path: Path) -> None:
    service = Scene(tmp_path).service()
    assert service.practices() == ()
    service.save_practice(REMOTE)
    service.save_practice(replace(REMOTE, host="other.example", user=""))
    assert [each.host for each in service.practices()] == ["other.example", "db.harbor.example"]
    service.sign_in(REMOTE, PASSWORD, remember=True)
    assert [each.host for each in service.practices()] == ["db.harbor.example", "other.example"]
    service.remove_practice(REMOTE)
    assert [each.host for each in service.practices()] == ["other.example"]
    assert service.remembered(REMOTE) is None


def test_the_user_name_is_kept_with_the_practice_that_had_none(tmp_path: Path) -> None:
    service = Scene(tmp_path).service()
    service.save_practice(replace(REMOTE, user=""))
    service.sign_in(REMOTE, PASSWORD, remember=False)
    assert service.practices() == (REMOTE,)
    other = replace(REMOTE, user="dana")
    service.sign_in(other, PASSWORD, remember=False)
    assert service.practices() == (other, REMOTE)


def test_a_weak_connection_is_not_even_listed(tmp_path: Path) -> None:
    service = Scene(tmp_path).service()
    with pytest.raises(InsecureConnectionError):
        service.save_practice(replace(REMOTE, tls=TlsMode.LOOPBACK))
    assert service.practices() == ()


def test_a_damaged_list_is_said(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.settings.config_dir.mkdir()
    scene.settings.file.write_text("{")
    service = scene.service()
    assert service.practices() == ()
    assert "damaged" in service.problem()


def test_the_demo_offers_its_people_and_is_not_kept(tmp_path: Path) -> None:
    people = (DemoPerson("jordan", "Jordan Park", "coordinator", PASSWORD),)
    scene = Scene(tmp_path, demo=DemoPractice(DEMO, people, tmp_path))
    service = scene.service()
    service.save_practice(REMOTE)
    service.save_practice(DEMO)
    assert service.practices() == (DEMO, REMOTE)
    assert service.demo_people() == people
    service.sign_in(replace(DEMO, user="sam"), PASSWORD, remember=True)
    assert service.remembered(replace(DEMO, user="sam")) is None
    assert Scene(tmp_path).service().practices() == (REMOTE,)
    assert service.practices() == (DEMO, REMOTE)


def test_without_a_demo_nobody_is_offered(tmp_path: Path) -> None:
    assert Scene(tmp_path).service().demo_people() == ()


def test_left_over_outcomes_are_sent_before_the_held_card_is_shown(tmp_path: Path) -> None:
    practice = AnsweringPractice()
    card = practice.claim_next(uuid7())
    assert isinstance(card, Card)
    call = practice.request_call(card.entry_id, card.fence, card.phones[0].id, uuid7())
    practice.end(call.id, CallEnd.NO_ANSWER)
    old_fence = card.fence
    practice.claims[card.entry_id].fence += 1  # signing in claims the patient anew
    scene = Scene(tmp_path, [practice])
    scene.journal.put(a_wrap_up(card.entry_id, call_id=call.id, fence=old_fence))
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert session.signed_in.held is None
    assert card.entry_id not in {row.entry_id for row in session.signed_in.queue.rows}
    assert [recorded.result for recorded in session.resent] == ["recorded"]
    assert [sent.fence for sent in practice.finished] == [old_fence + 1]
    assert len(session.notices) == 1
    assert "counts once" in session.notices[0]
    assert NOTE not in session.notices[0]
    assert scene.journal.pending() == ()


def test_an_outcome_whose_answer_was_lost_is_not_counted_again(tmp_path: Path) -> None:
    practice = AnsweringPractice()
    unsent = a_wrap_up()
    practice.recorded[unsent.op_id] = unsent
    scene = Scene(tmp_path, [practice])
    scene.journal.put(unsent)
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert [recorded.result for recorded in session.resent] == ["duplicate"]
    assert list(practice.recorded) == [unsent.op_id]


def test_the_patient_that_was_claimed_with_a_lost_answer_stays_open(tmp_path: Path) -> None:
    practice = AnsweringPractice()
    following = practice.claim_next(uuid7())
    assert isinstance(following, Card)
    unsent = a_wrap_up()
    practice.recorded[unsent.op_id] = unsent
    scene = Scene(tmp_path, [practice])
    scene.journal.put(unsent)
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert session.signed_in.held is not None
    assert session.signed_in.held.entry_id == following.entry_id


def test_a_refused_left_over_comes_back_as_the_draft_of_the_held_patient(tmp_path: Path) -> None:
    practice = AnsweringPractice(RefusedError("The held time is gone."))
    card = practice.claim_next(uuid7())
    assert isinstance(card, Card)
    scene = Scene(tmp_path, [practice])
    unsent = a_wrap_up(card.entry_id, fence=card.fence)
    scene.journal.put(unsent)
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert session.signed_in.held is not None
    assert session.desk.draft(card.entry_id) == unsent.details
    assert any("The held time is gone." in notice for notice in session.notices)


def test_a_link_lost_while_resending_keeps_it_for_the_next_sign_in(tmp_path: Path) -> None:
    first = AnsweringPractice(NotConnectedError("The practice cannot be reached."))
    second = AnsweringPractice()
    scene = Scene(tmp_path, [first, second])
    unsent = a_wrap_up()
    scene.journal.put(unsent)
    service = scene.service()
    with pytest.raises(NotConnectedError):
        service.sign_in(REMOTE, PASSWORD, remember=False)
    assert first.closed
    service.sign_in(REMOTE, PASSWORD, remember=False)
    assert second.finished == [unsent]


def test_a_journal_in_memory_is_said_and_stays_a_problem(tmp_path: Path) -> None:
    scene = Scene(tmp_path, journal_problem="Would not survive a crash.", lasting=False)
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert "Would not survive a crash." in session.notices
    assert session.desk.problem == "Would not survive a crash."


def test_a_journal_that_lost_something_is_said_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path, journal_problem="A part was damaged.", lasting=True)
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert "A part was damaged." in session.notices
    assert session.desk.problem == ""


def test_the_receipt_of_the_last_sign_in_is_shown_at_the_next(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    service = scene.service()
    assert service.sign_in(REMOTE, PASSWORD, remember=False).previous_receipt == ""
    session = service.sign_in(REMOTE, PASSWORD, remember=False)
    assert session.previous_receipt == RECEIPT
    assert session.notices == ()
    other = replace(REMOTE, user="dana")
    assert service.sign_in(other, PASSWORD, remember=False).previous_receipt == ""
    assert "dana" not in json.dumps(scene.settings.get("receipts"))


def test_settings_that_cannot_be_written_keep_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    session = Scene(tmp_path).service().sign_in(REMOTE, PASSWORD, remember=False)
    assert session.previous_receipt == ""
    assert any("could not be saved" in notice for notice in session.notices)


def test_a_receipt_that_the_audit_does_not_know_any_more_is_said_once(tmp_path: Path) -> None:
    class Rewritten(FakePractice):
        def check_receipt(self, receipt: str) -> bool:
            super().check_receipt(receipt)
            return False

    before, rewritten, after = FakePractice(), Rewritten(), FakePractice()
    service = Scene(tmp_path, [before, rewritten, after]).service()
    assert service.sign_in(REMOTE, PASSWORD, remember=False).notices == ()
    session = service.sign_in(REMOTE, PASSWORD, remember=False)
    assert "no longer contains your last sign-in" in session.notices[0]
    assert service.sign_in(REMOTE, PASSWORD, remember=False).notices == ()
    assert "check_receipt" not in before.log


def test_a_receipt_that_could_not_be_shown_is_shown_next_time(tmp_path: Path) -> None:
    class Lost(FakePractice):
        def check_receipt(self, receipt: str) -> bool:
            raise NotConnectedError("The practice cannot be reached.")

    last = FakePractice()
    service = Scene(tmp_path, [FakePractice(), Lost(), last]).service()
    service.sign_in(REMOTE, PASSWORD, remember=False)
    with pytest.raises(NotConnectedError):
        service.sign_in(REMOTE, PASSWORD, remember=False)
    service.sign_in(REMOTE, PASSWORD, remember=False)
    assert "check_receipt" in last.log


def test_receipts_are_forgotten_when_the_practice_was_made_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    forget_receipts(scene.settings)
    assert not scene.settings.file.exists()
    scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    forget_receipts(scene.settings)
    assert scene.service().sign_in(REMOTE, PASSWORD, remember=False).previous_receipt == ""


@pytest.mark.parametrize("stored", ["text", [1], {"x": 5}])
def test_receipts_from_a_strange_file_are_ignored(tmp_path: Path, stored: object) -> None:
    scene = Scene(tmp_path)
    scene.settings.put("receipts", stored)
    assert scene.service().sign_in(REMOTE, PASSWORD, remember=False).previous_receipt == ""


def test_no_patient_reaches_the_settings(tmp_path: Path) -> None:
    practice = AnsweringPractice()
    card = practice.claim_next(uuid7())
    assert isinstance(card, Card)
    scene = Scene(tmp_path, [practice], journal=OrderedJournal([]))
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=True)
    session.desk.save_draft(card.entry_id, a_wrap_up().details)
    session.close()
    content = scene.settings.file.read_text()
    for secret in (NOTE, card.first_name, card.last_name, card.phones[0].e164, PASSWORD):
        assert secret not in content


def test_a_code_is_shown_before_anything_is_asked(tmp_path: Path) -> None:
    first, second = FakePractice(), FakePractice()
    first.code = second.code = "123456"
    scene = Scene(tmp_path, [first, second])
    with pytest.raises(SecondFactorNeededError):
        scene.service().sign_in(REMOTE, PASSWORD, remember=False)
    assert first.closed
    session = scene.service().sign_in(REMOTE, PASSWORD, remember=False, code="123456")
    assert second.log[:2] == ["second_factor", "sign_in"]
    session.close()


def test_a_wrong_code_closes_the_connection_and_keeps_nothing(tmp_path: Path) -> None:
    practice = FakePractice()
    practice.code = "123456"
    scene = Scene(tmp_path, [practice])
    with pytest.raises(WrongCodeError):
        scene.service().sign_in(REMOTE, PASSWORD, remember=True, code="000000")
    assert practice.closed
    assert "sign_in" not in practice.log
    assert scene.service().remembered(REMOTE) is None
