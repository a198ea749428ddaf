"""What holds for every test. Fixtures of one area live in that folder's own conftest."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.helpers.postgres import TestServer, chosen_binaries
from tests.helpers.quick_folder import quick_folder
from tests.helpers.silence import CollectingHandler, NetworkGuard, leftover_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.postgres import Database

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"unit", "db", "attack", "contract", "ui", "end2end", "softphone"}
# unit: neither Qt nor a database of its own accord; db: no Qt.
FORBIDDEN_FIXTURES = {
    "unit": {"qapp", "qtbot", "pg_server", "migrated_server", "database", "module_database"},
    "db": {"qapp", "qtbot"},
    "attack": {"qapp", "qtbot"},
}
_LONG = re.compile(r"tests/(end2end/|db/test_(demo|faults|gateway_killed)|unit/calls/test_soak)")
# ./check draws the same examples each time: it tells whether a change is sound, and by chance
# nothing fails. Run by hand, pytest looks further. A busy machine is no slow rule.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("explore")
_network = NetworkGuard()
_network.install()


def pytest_configure(config: pytest.Config) -> None:
    """Set the scene before Qt or keyring are asked for anything."""
    scratch = Path(tempfile.mkdtemp(prefix="care-coordinator-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = "1"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    # Nobody's settings are read, nobody's are written.
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = scratch / name.lower()
        folder.mkdir(mode=0o700)
        os.environ[name] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold each folder's home rule."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        folder = item.path.relative_to(here).parts[0]
        if folder not in FOLDERS:
            raise pytest.UsageError(f"{item.nodeid}: tests live in {sorted(FOLDERS)}.")
        asked = FORBIDDEN_FIXTURES.get(folder, set()) & set(getattr(item, "fixturenames", ()))
        if asked:
            raise pytest.UsageError(f"{item.nodeid}: tests/{folder} may not use {sorted(asked)}.")
    # Files that wait for whole programs begin: at the end they would keep one worker alone.
    items.sort(key=lambda item: not _LONG.search(item.path.as_posix()))


def pytest_collection_finish() -> None:
    """Leave what was imported out of later garbage collections: it only makes them slow."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Collect the garbage of Qt tests here, as the program does: never on a worker's thread."""
    if "qapp" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep a picture of each open window of a failed test in .artifacts/."""
    report = yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if call.when == "call" and call.excinfo is not None and widgets is not None:
        application = widgets.QApplication.instance()
        windows = application.topLevelWidgets() if application is not None else []
        shown = [window for window in windows if window.isVisible()]
        folder = ROOT / ".artifacts"
        for number, window in enumerate(shown):
            folder.mkdir(exist_ok=True)
            name = "".join(c if c.isalnum() else "-" for c in item.nodeid)[-120:]
            window.grab().save(str(folder / f"{name}-{number}.png"))
    return report


@pytest.fixture(autouse=True)
def _silent(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs a warning, leaves a thread or looks outside this machine."""
    before = set(threading.enumerate())
    _network.attempts.clear()
    heard = CollectingHandler()
    logging.getLogger().addHandler(heard)
    yield
    logging.getLogger().removeHandler(heard)
    faults = [] if request.node.get_closest_marker("expected_logs") else heard.lines
    faults = faults + [f"left thread {name}" for name in leftover_threads(before, patience=2.0)]
    faults += [f"left this machine: {attempt}" for attempt in _network.attempts]
    if faults:
        pytest.fail("Not silent:\n" + "\n".join(faults), pytrace=False)


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """This worker's PostgreSQL, running, with no database of ours yet."""
    with quick_folder(tmp_path_factory.mktemp("postgres")) as folder:
        tests = TestServer(folder / "data", chosen_binaries())
        tests.server.start()
        yield tests
        tests.server.remove()


@pytest.fixture(scope="session")
def migrated_server(pg_server: TestServer) -> TestServer:
    """This worker's PostgreSQL with the migrated template, whose copies cost some 20 ms."""
    # Imported here: the tests of the launcher itself do not need the migrations.
    pg_server.prepare(importlib.import_module("coordinator_app.db.migrate").migrate)
    return pg_server


@pytest.fixture
def database(migrated_server: TestServer) -> Iterator[Database]:
    """A migrated database for one test."""
    with migrated_server.copy() as made:
        yield made


@pytest.fixture(scope="module")
def module_database(migrated_server: TestServer) -> Iterator[Database]:
    """A migrated database for the tests of one module."""
    with migrated_server.copy() as made:
        yield made
