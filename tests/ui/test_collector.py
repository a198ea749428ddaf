"""Garbage is collected on the GUI thread, whoever made it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ui.collector import Collector


class Knot(QObject):
    """A Qt object that only the cyclic collector can free."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    was_on = gc.isenabled()
    made = Collector()
    made.start()
    yield made
    made.stop()
    if not was_on:
        gc.disable()


def make_garbage(many: int) -> list[weakref.ref[Knot]]:
    refs = []
    for _ in range(many):
        refs.append(weakref.ref(Knot()))
        _ = [[] for _ in range(50)]
    return refs


def test_a_worker_never_collects_and_the_gui_thread_does(
    collector: Collector, qtbot: QtBot
) -> None:
    threads: list[str] = []

    def note(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            threads.append(threading.current_thread().name)

    refs = make_garbage(200)
    gc.callbacks.append(note)
    try:
        worker = threading.Thread(target=lambda: [[{}] for _ in range(20_000)], name="worker")
        worker.start()
        worker.join()
        assert not threads
        assert all(ref() is not None for ref in refs)
        kept = [[] for _ in range(2_000)]  # type: ignore[var-annotated]
        qtbot.waitUntil(lambda: all(ref() is None for ref in refs))
        assert set(threads) == {threading.main_thread().name}
        assert kept
    finally:
        gc.callbacks.remove(note)


def test_python_gets_its_collector_back(collector: Collector) -> None:
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
