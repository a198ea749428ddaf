"""Which connections are safe, and the stored list of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coordinator_app.config import Settings
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import ConfigurationError, InsecureConnectionError
from coordinator_app.services.connections import (
    PracticeList,
    is_loopback,
    login_id,
    require_safe,
)

REMOTE = Connection(
    "Harbor Clinic", "db.harbor.example", 5432, "practice", "jordan", TlsMode.VERIFY_FULL
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "config", tmp_path / "state")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.255.0.9", "::1", "[::1]",
     "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"],
)  # fmt: skip
def test_names_of_this_computer(host: str) -> None:
    assert is_loopback(host)
    require_safe(replace(REMOTE, host=host, tls=TlsMode.LOOPBACK))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost", "128.0.0.1", "10.0.0.1",
     "192.168.1.5", "0.0.0.1", "::", "::2", "fe80::1", "2001:db8::1", "127.1", "0177.0.0.1",
     "2130706433", "0x7f.0.0.1", "::ffff:10.0.0.1", "localhost@evil.example", "127.0.0.1,evil",
     "db.harbor.example"],
)  # fmt: skip
def test_other_hosts_need_a_verified_server(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises((InsecureConnectionError, ConfigurationError)):
        require_safe(replace(REMOTE, host=host, tls=TlsMode.LOOPBACK))


def test_a_remote_host_with_full_verification_is_fine() -> None:
    require_safe(REMOTE)
    require_safe(replace(REMOTE, host="2001:db8::1"))
    require_safe(replace(REMOTE, host="127.0.0.1"))


def test_the_refusal_says_what_to_choose() -> None:
    with pytest.raises(InsecureConnectionError, match="verify-full") as refused:
        require_safe(replace(REMOTE, tls=TlsMode.LOOPBACK))
    assert refused.value.name == "tls_required"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"practice": " "}, "connection_incomplete"),
        ({"host": ""}, "connection_incomplete"),
        ({"database": ""}, "connection_incomplete"),
        ({"user": ""}, "connection_incomplete"),
        ({"user": "jordan\0x"}, "connection_incomplete"),
        ({"database": "a\nb"}, "connection_incomplete"),
        ({"host": "/var/run/postgresql"}, "host_impossible"),
        ({"host": "one.example,two.example"}, "host_impossible"),
        ({"host": "a b"}, "host_impossible"),
        ({"host": "db.example?sslmode=disable"}, "host_impossible"),
        ({"host": "-oProxy"}, "host_impossible"),
        ({"port": 0}, "port_impossible"),
        ({"port": 65536}, "port_impossible"),
        ({"root_certificate": "/nowhere/ca.pem"}, "root_certificate_missing"),
    ],
)
def test_an_impossible_connection_is_refused(wrong: dict[str, str | int], name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        require_safe(replace(REMOTE, **wrong))  # type: ignore[arg-type]  # one field of any kind
    assert refused.value.name == name


def test_a_practice_may_be_listed_before_its_user_is_known() -> None:
    require_safe(replace(REMOTE, user=""), to_sign_in=False)


def test_an_existing_certificate_file_is_fine(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("certificate")
    require_safe(replace(REMOTE, root_certificate=str(ca)))


def test_login_ids_tell_persons_apart_and_say_nothing() -> None:
    others = [
        replace(REMOTE, user="dana"),
        replace(REMOTE, database="other"),
        replace(REMOTE, host="db2.harbor.example"),
        replace(REMOTE, port=5433),
    ]
    ids = {login_id(connection) for connection in (REMOTE, *others)}
    assert len(ids) == 5
    assert login_id(replace(REMOTE, practice="Renamed", host="DB.Harbor.example")) == login_id(
        REMOTE
    )
    assert "jordan" not in login_id(REMOTE)


def test_the_list_survives_a_restart_last_used_first(settings: Settings) -> None:
    stored = PracticeList(settings)
    second = replace(REMOTE, host="other.example", root_certificate="/etc/ca.pem")
    stored.put_first(REMOTE)
    stored.put_first(second)
    assert PracticeList(Settings(settings.config_dir, settings.state_dir)).all() == (
        second,
        REMOTE,
    )
    stored.put_first(REMOTE)
    assert stored.all() == (REMOTE, second)


def test_changing_an_entry_does_not_double_it(settings: Settings) -> None:
    stored = PracticeList(settings)
    stored.put_first(REMOTE)
    stored.put_first(replace(REMOTE, practice="Harbor Family Clinic"))
    assert [connection.practice for connection in stored.all()] == ["Harbor Family Clinic"]


def test_removing(settings: Settings) -> None:
    stored = PracticeList(settings)
    stored.put_first(REMOTE)
    stored.remove(REMOTE)
    stored.remove(REMOTE)
    assert stored.all() == ()


@pytest.mark.parametrize(
    "entries",
    [
        "text",
        {"practice": "x"},
        [None, 5, "text", [], {}],
        [{"practice": "x", "host": "h", "port": "5432", "database": "d", "user": "u"}],
        [{"practice": "x", "host": "h", "port": True, "database": "d", "user": "u"}],
        [{"practice": 7, "host": "h", "port": 5432, "database": "d", "user": "u"}],
    ],
)
def test_entries_that_make_no_sense_are_left_out(settings: Settings, entries: object) -> None:
    settings.put("practices", entries)
    assert PracticeList(settings).all() == ()


@pytest.mark.parametrize("tls", ["disable", "", None, 5])
def test_an_unknown_mode_is_read_as_the_strict_one(settings: Settings, tls: object) -> None:
    settings.put(
        "practices",
        [{"practice": "x", "host": "h", "port": 1, "database": "d", "user": "u", "tls": tls}],
    )
    (read,) = PracticeList(settings).all()
    assert read.tls is TlsMode.VERIFY_FULL


def test_a_list_that_cannot_be_saved_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "config"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="could not be saved"):
        PracticeList(Settings(blocked, tmp_path)).put_first(REMOTE)
