"""The composition root: what it chooses, and that it chooses late."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import OutcomeDetails
from coordinator_app.domain.practice import Practice
from coordinator_app.domain.session import Connection, SignedIn, TlsMode
from coordinator_app.secrets.memory import MemorySecretStore
from coordinator_app.services.sign_in import DemoPractice
from tests.helpers.fake_data import PRACTICE
from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_services import NOTE, PASSWORD, OnePasswordConnector

ROOT = Path(__file__).resolve().parents[2]
DEMO = Connection("Demo practice", "127.0.0.1", 54321, "demo", "jordan", TlsMode.LOOPBACK)
SLOW = ("sqlalchemy", "psycopg", "keyring", "twilio", "phonenumbers", "cryptography", "PySide6")


class PracticeOf(FakePractice):
    """A fake practice that is a real one, or a demo."""

    def __init__(self, practice: Practice) -> None:
        super().__init__()
        self._practice = practice

    def sign_in(self, client_version: str, device: str) -> SignedIn:
        return replace(super().sign_in(client_version, device), practice=self._practice)


def test_importing_and_building_waits_for_nothing_slow() -> None:
    code = f"""
import sys
from pathlib import Path
import coordinator_app.bootstrap
from coordinator_app.config import Settings
service = coordinator_app.bootstrap.build_sign_in(Settings(Path("/nowhere"), Path("/nowhere")))
service.practices(), service.demo_people()
found = [name for name in {SLOW!r} if name in sys.modules]
sys.exit(", ".join(found) or None)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_systems_vault_is_the_default(tmp_path: Path) -> None:
    service = build_sign_in(Settings(tmp_path, tmp_path))
    assert "no password vault that we trust" in service.vault()  # the tests' null backend


def test_unsent_work_survives_the_window_of_a_real_practice(tmp_path: Path) -> None:
    vault = MemorySecretStore(reason="")
    settings = Settings(tmp_path / "config", tmp_path / "state")
    entry = uuid7()
    real = replace(PRACTICE, is_demo=False)
    connector = OnePasswordConnector(PracticeOf(real), PracticeOf(real))
    first = build_sign_in(settings, connector=connector, secrets=vault)
    session = first.sign_in(DEMO, PASSWORD, remember=False)
    session.desk.save_draft(entry, OutcomeDetails(note=NOTE))
    assert session.notices == ()
    second = build_sign_in(settings, connector=connector, secrets=vault)
    again = second.sign_in(DEMO, PASSWORD, remember=False)
    assert again.desk.draft(entry) == OutcomeDetails(note=NOTE)
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".journal" for file in written)
    assert not any(b"Zyxmarker" in file.read_bytes() for file in written)


def test_a_demo_without_a_vault_keeps_its_key_in_its_own_folder(tmp_path: Path) -> None:
    demo = DemoPractice(DEMO, (), tmp_path / "demo")
    connector = OnePasswordConnector(PracticeOf(PRACTICE))
    service = build_sign_in(
        Settings(tmp_path / "config", tmp_path / "state"),
        connector=connector,
        secrets=MemorySecretStore("There is no vault."),
        demo=demo,
    )
    session = service.sign_in(DEMO, PASSWORD, remember=False)
    session.desk.save_draft(uuid7(), OutcomeDetails(note=NOTE))
    assert session.notices == ()
    assert session.desk.problem == ""
    assert (tmp_path / "demo" / "demo-keys.json").is_file()
    assert not (tmp_path / "state").exists()


def test_a_real_practice_beside_a_demo_never_uses_the_demos_file(tmp_path: Path) -> None:
    demo = DemoPractice(DEMO, (), tmp_path / "demo")
    real = PracticeOf(replace(PRACTICE, is_demo=False))
    service = build_sign_in(
        Settings(tmp_path / "config", tmp_path / "state"),
        connector=OnePasswordConnector(real),
        secrets=MemorySecretStore("There is no vault."),
        demo=demo,
    )
    session = service.sign_in(replace(DEMO, port=5432), PASSWORD, remember=False)
    session.desk.save_draft(uuid7(), OutcomeDetails(note=NOTE))
    assert "would not survive a crash" in session.desk.problem
    assert not (tmp_path / "demo").exists()
    written = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(b"Zyxmarker" in content for content in written)
