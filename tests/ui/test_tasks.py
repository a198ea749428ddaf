"""The one door to the background: lanes, the three fates, owners that go, shutting down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from coordinator_app.errors import NotConnectedError, UserFacingError
from tests.helpers.inline import InlineTasks
from ui.tasks import Generations, TaskRunner, Tasks

OPERATIONS = 6_000


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    made = TaskRunner()
    yield made
    made.shutdown()


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def test_answer_comes_back_on_the_gui_thread(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    seen: list[tuple[int, int]] = []
    runner.run(
        owner, threading.get_ident, done=lambda worker: seen.append((worker, threading.get_ident()))
    )
    assert seen == []  # never inside run() itself
    qtbot.waitUntil(lambda: len(seen) == 1)
    worker, receiver = seen[0]
    assert worker != threading.get_ident()
    assert receiver == threading.get_ident()


def test_six_thousand_operations_all_answer_and_the_db_lane_keeps_their_order(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    db: list[int] = []
    net: list[int] = []
    failures: list[UserFacingError] = []

    def refuse() -> None:
        raise NotConnectedError("The practice cannot be reached. Please try again.")

    for number in range(OPERATIONS):
        kind = number % 3
        if kind == 0:
            runner.run(owner, lambda number=number: number, done=db.append)  # type: ignore[misc]
        elif kind == 1:
            runner.run(owner, lambda number=number: number, done=net.append, lane="net")  # type: ignore[misc]
        else:
            runner.run(owner, refuse, failed=failures.append, lane="net")
    qtbot.waitUntil(lambda: len(db) + len(net) + len(failures) == OPERATIONS, timeout=30_000)
    assert db == list(range(0, OPERATIONS, 3))
    assert sorted(net) == list(range(1, OPERATIONS, 3))
    assert len(failures) == OPERATIONS // 3


def test_db_lane_has_one_worker_and_net_lane_four(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    together = threading.Barrier(4)
    met: list[int] = []
    db_workers: set[int] = set()
    for _ in range(4):
        runner.run(owner, lambda: together.wait(timeout=10), done=met.append, lane="net")
        runner.run(owner, threading.get_ident, done=db_workers.add)
    qtbot.waitUntil(lambda: len(met) == 4)
    assert len(db_workers) == 1


def test_user_facing_failure_goes_to_failed(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    got: list[UserFacingError] = []
    failure = NotConnectedError("The practice cannot be reached. Please try again.")

    def refuse() -> None:
        raise failure

    runner.run(owner, refuse, done=lambda _: got.clear(), failed=got.append)
    qtbot.waitUntil(lambda: got == [failure])


def test_user_facing_failure_without_failed_is_refused(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    failure = NotConnectedError("The practice cannot be reached. Please try again.")

    def refuse() -> None:
        raise failure

    with qtbot.waitSignal(runner.refused) as refused:
        runner.run(owner, refuse)
    assert refused.args == [failure]


def test_any_other_failure_is_a_crash_and_never_reaches_failed(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    got: list[UserFacingError] = []

    def divide() -> float:
        return 1 / 0

    with qtbot.waitSignal(runner.crashed) as crashed:
        runner.run(owner, divide, failed=got.append)
    assert crashed.args is not None
    assert isinstance(crashed.args[0], ZeroDivisionError)
    assert got == []


def test_a_crash_is_told_although_the_owner_has_gone(runner: TaskRunner, qtbot: QtBot) -> None:
    gate = threading.Event()

    def crash() -> None:
        gate.wait(10)
        raise KeyError("fault")

    asker = QObject()
    with qtbot.waitSignal(runner.crashed):
        runner.run(asker, crash)
        del asker
        gate.set()


@pytest.mark.parametrize("how", ["deleted by Qt", "forgotten by Python"])
def test_answer_is_dropped_when_the_owner_is_gone(
    runner: TaskRunner, owner: QObject, qtbot: QtBot, how: str
) -> None:
    gate = threading.Event()
    late: list[bool] = []
    after: list[bool] = []
    asker: QObject | None = QObject()
    assert asker is not None
    destroyed: list[bool] = []
    asker.destroyed.connect(lambda: destroyed.append(True))
    runner.run(asker, lambda: gate.wait(10), done=late.append, failed=lambda _: late.append(False))
    if how == "deleted by Qt":
        asker.deleteLater()
    else:
        asker = None
    qtbot.waitUntil(lambda: destroyed == [True])
    gate.set()
    runner.run(owner, lambda: True, done=after.append)
    qtbot.waitUntil(lambda: after == [True])
    assert late == []


def test_cancelled_work_that_waits_never_runs(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    gate = threading.Event()
    ran: list[str] = []
    answers: list[object] = []
    runner.run(owner, lambda: gate.wait(10))
    waiting = runner.run(owner, lambda: ran.append("cancelled"), done=answers.append)
    waiting.cancel()
    runner.run(owner, lambda: ran.append("next"), done=answers.append)
    gate.set()
    qtbot.waitUntil(lambda: len(answers) == 1)
    assert ran == ["next"]
    assert waiting.cancelled


def test_cancelled_work_that_runs_is_not_answered(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    started, gate = threading.Event(), threading.Event()
    answers: list[object] = []

    def slow() -> str:
        started.set()
        gate.wait(10)
        return "late"

    handle = runner.run(owner, slow, done=answers.append)
    qtbot.waitUntil(started.is_set)
    handle.cancel()
    gate.set()
    runner.run(owner, lambda: "next", done=answers.append)
    qtbot.waitUntil(lambda: answers == ["next"])


def test_an_operation_that_gives_up_by_itself_says_nothing(
    runner: TaskRunner, owner: QObject, qtbot: QtBot
) -> None:
    heard: list[object] = []
    runner.crashed.connect(heard.append)
    runner.refused.connect(heard.append)

    def give_up() -> None:
        raise CancelledError

    after: list[bool] = []
    runner.run(owner, give_up, done=heard.append, failed=heard.append)
    runner.run(owner, lambda: True, done=after.append)
    qtbot.waitUntil(lambda: after == [True])
    assert heard == []


def test_on_gui_may_be_called_from_any_thread(runner: TaskRunner, qtbot: QtBot) -> None:
    seen: list[int] = []
    worker = threading.Thread(
        target=lambda: runner.on_gui(lambda: seen.append(threading.get_ident()))
    )
    worker.start()
    worker.join()
    assert seen == []
    qtbot.waitUntil(lambda: seen == [threading.get_ident()])


def test_work_is_handed_over_on_the_gui_thread_only(runner: TaskRunner, owner: QObject) -> None:
    errors: list[BaseException] = []

    def misuse() -> None:
        try:
            runner.run(owner, lambda: None)
        except RuntimeError as error:
            errors.append(error)

    worker = threading.Thread(target=misuse)
    worker.start()
    worker.join()
    assert len(errors) == 1


def test_shutdown_waits_cancels_delivers_nothing_and_leaves_no_thread(
    owner: QObject, qtbot: QtBot
) -> None:
    before = set(threading.enumerate())
    runner = TaskRunner()
    closing = threading.Event()
    runner.closing.connect(closing.set)
    started = threading.Event()
    ended: list[str] = []
    answers: list[object] = []

    def until_closing() -> str:
        started.set()
        closing.wait(10)
        ended.append("running")
        return "late"

    runner.run(owner, until_closing, done=answers.append)
    waiting = runner.run(owner, lambda: ended.append("waiting"), done=answers.append)
    runner.run(owner, lambda: "net", done=answers.append, lane="net")
    qtbot.waitUntil(started.is_set)
    runner.shutdown()
    runner.shutdown()
    assert ended == ["running"]
    assert set(threading.enumerate()) <= before
    delivered = list(answers)

    refused = runner.run(owner, lambda: ended.append("after"), done=answers.append)
    runner.on_gui(lambda: answers.append("after"))
    other = TaskRunner()
    turned: list[bool] = []
    other.on_gui(lambda: turned.append(True))
    qtbot.waitUntil(lambda: turned == [True])
    other.shutdown()
    assert answers == delivered
    assert ended == ["running"]
    refused.cancel()
    assert refused.cancelled
    waiting.cancel()


def test_generations_answer_only_the_latest_question(owner: QObject) -> None:
    tasks = InlineTasks(hold=True)
    generations = Generations()
    shown: list[str] = []
    for patient in ("first", "second"):
        fresh = generations.latest("chart")
        tasks.run(owner, lambda patient=patient: patient, done=fresh(shown.append))  # type: ignore[misc]
    other = generations.latest("script")
    tasks.run(owner, lambda: "script", done=other(shown.append))
    tasks.release()
    assert shown == ["second", "script"]


def test_generations_forget_without_a_new_question() -> None:
    generations = Generations()
    shown: list[str] = []
    answer = generations.latest("chart")(shown.append)
    generations.forget("chart")
    answer("late")
    generations.latest("chart")(shown.append)("now")
    assert shown == ["now"]


def test_inline_fake_has_the_same_three_fates(owner: QObject) -> None:
    tasks = InlineTasks()
    as_port: Tasks = tasks
    failure = NotConnectedError("The practice cannot be reached. Please try again.")
    got: list[object] = []

    def refuse() -> None:
        raise failure

    def give_up() -> None:
        raise CancelledError

    as_port.run(owner, lambda: 7, done=got.append)
    as_port.run(owner, refuse, failed=got.append)
    as_port.run(owner, refuse)
    as_port.run(owner, give_up, done=got.append, failed=got.append)
    assert got == [7, failure]
    assert tasks.refused == [failure]
    with pytest.raises(ZeroDivisionError):
        as_port.run(owner, lambda: 1 / 0)
    as_port.shutdown()
    as_port.run(owner, lambda: 8, done=got.append)
    as_port.on_gui(lambda: got.append(9))
    assert got == [7, failure]


def test_inline_fake_holds_and_drops_for_a_gone_owner() -> None:
    tasks = InlineTasks(hold=True)
    asker = QObject()
    got: list[int] = []
    tasks.run(asker, lambda: 1, done=got.append)
    tasks.run(asker, lambda: 2, done=got.append).cancel()
    assert tasks.waiting == 2
    tasks.release(1)
    assert got == [1]
    tasks.run(asker, lambda: 3, done=got.append, lane="net")
    del asker
    tasks.release()
    assert got == [1]
    assert tasks.lanes == ["db", "db", "net"]
