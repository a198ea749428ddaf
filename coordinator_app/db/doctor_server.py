"""What doctor looks at on the server itself: TLS, its certificate, passwords, clock, disk, log."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psycopg
from cryptography import x509

from coordinator_app.db.parameters import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator_app.db.admin_session import Admin

State = Literal["ok", "warn", "fail"]
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's protocol, "SSLRequest"
_HANDSHAKE = 5.0  # seconds
_CERTIFICATE_DAYS = 30
_CLOCK_WARN, _CLOCK_FAIL = 2.0, 60.0  # seconds
_DISK_WARN, _DISK_FAIL = 0.15, 0.05  # free part
_OLD_TLS = {"TLSv1", "TLSv1.1"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``remedy``: what to type or to do; "" when all is well."""

    state: State
    what: str
    remedy: str = ""


def server_checks(conn: Admin) -> Iterator[Check]:
    """Look at the server. ``conn``: outside a transaction."""
    yield _tls(conn)
    yield _certificate(conn)
    yield _passwords(conn)
    yield _durability(conn)
    yield _clock(conn)
    yield _disk(conn)
    yield _log(conn)
    yield _large_objects(conn)
    yield prepared(conn)


def setting(conn: Admin, name: str) -> str:
    """A setting of the server, "" where it has none or this login may not see it."""
    try:
        row = conn.execute("SELECT pg_catalog.current_setting(%s, true)", [name]).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return ""
    return str(row[0] or "") if row else ""


def _tls(conn: Admin) -> Check:
    if setting(conn, "ssl") == "off":
        remedy = (
            "Set ssl = on with a certificate for the server's host name, and use hostssl in "
            "pg_hba.conf (docs/administrator.md, TLS)."
        )
        listening = [part.strip() for part in setting(conn, "listen_addresses").split(",")]
        if all(not part or is_loopback(part) for part in listening):
            return Check(
                "warn",
                "TLS is off; only programs on the server's own computer can connect.",
                remedy,
            )
        return Check("fail", "TLS is off: coordinators on other computers cannot sign in.", remedy)
    return judge_tls(setting(conn, "ssl_min_protocol_version"))


def judge_tls(lowest: str) -> Check:
    """Say whether the oldest version that is let in is new enough; "": it may not be seen."""
    if not lowest:  # only a superuser sees it, or who has pg_read_all_settings
        return Check(
            "ok", "TLS is on; which versions are let in is not visible from here; watch it there."
        )
    if lowest in _OLD_TLS:
        return Check(
            "fail",
            "Old TLS is allowed.",
            "ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.2'; SELECT pg_reload_conf();",
        )
    return Check("ok", f"TLS is on, {lowest} or newer.")


def _certificate(conn: Admin) -> Check:
    if setting(conn, "ssl") == "off":
        return Check("ok", "There is no certificate to look at.")
    host, port = conn.info.hostaddr or conn.info.host, conn.info.port
    if not host or host.startswith(("/", "@")):
        return Check("ok", "The certificate is not visible through a socket of this computer.")
    try:
        found = read_certificate(host, port)
    except (OSError, ValueError):
        return Check(
            "warn",
            "The server's certificate could not be read.",
            f"Look at it with: openssl s_client -starttls postgres -connect {host}:{port}",
        )
    return judge_certificate(found, datetime.now(UTC))  # noqa: TID251 - TLS goes by real time


def read_certificate(host: str, port: int) -> x509.Certificate:
    """The certificate that the server shows to anybody. Raises OSError, ValueError."""
    context = ssl.create_default_context()
    # Looked at, not trusted: nothing is sent, and an expired one must be readable, too.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=_HANDSHAKE) as plain:
        plain.sendall(_SSL_REQUEST)
        if plain.recv(1) != b"S":
            raise ValueError("no TLS")
        with context.wrap_socket(plain, server_hostname=_name(host)) as secure:
            shown = secure.getpeercert(binary_form=True)
    if not shown:
        raise ValueError("no certificate")
    return x509.load_der_x509_certificate(shown)


def judge_certificate(certificate: x509.Certificate, now: datetime) -> Check:
    """Say how long a certificate is good for. ``now``: real time."""
    end = certificate.not_valid_after_utc
    remedy = "Put a renewed certificate in place and run: SELECT pg_reload_conf();"
    if end <= now or certificate.not_valid_before_utc > now:
        return Check("fail", f"The certificate is not valid now (until {end:%Y-%m-%d}).", remedy)
    if end - now < timedelta(days=_CERTIFICATE_DAYS):
        return Check("warn", f"The certificate expires on {end:%Y-%m-%d}.", remedy)
    return Check("ok", f"The certificate is valid until {end:%Y-%m-%d}.")


def _name(host: str) -> str | None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return None


def _passwords(conn: Admin) -> Check:
    kind = setting(conn, "password_encryption")
    if kind not in {"", "scram-sha-256"}:
        return Check(
            "fail",
            "Passwords are kept in an old form.",
            "ALTER SYSTEM SET password_encryption = 'scram-sha-256'; SELECT pg_reload_conf(); then "
            "coordinator-admin user reset LOGIN for everybody.",
        )
    return Check("ok", "Passwords are kept as SCRAM-SHA-256.")


def _durability(conn: Admin) -> Check:
    off = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if setting(conn, name) == "off"
    ]
    if off:
        return Check(
            "fail",
            f"A power failure would lose recorded calls ({', '.join(off)} off).",
            " ".join(f"ALTER SYSTEM RESET {name};" for name in off) + " SELECT pg_reload_conf();",
        )
    return Check("ok", "What was recorded survives a power failure.")


def _clock(conn: Admin) -> Check:
    before = time.time()
    row = conn.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    after = time.time()
    apart = abs((row[0] if row else 0.0) - (before + after) / 2) - (after - before) / 2
    return judge_clock(max(0.0, apart))


def judge_clock(apart: float) -> Check:
    """``apart``: seconds between this computer's clock and the server's."""
    said = f"The server's clock and this computer's are {apart:.0f} s apart"
    remedy = "Let both computers set their clocks by NTP (timedatectl set-ntp true)."
    if apart > _CLOCK_FAIL:
        return Check("fail", f"{said}: calling hours would be wrong.", remedy)
    if apart > _CLOCK_WARN:
        return Check("warn", f"{said}.", remedy)
    return Check("ok", "The server's clock agrees with this computer's.")


def _disk(conn: Admin) -> Check:
    hidden = Check("ok", "The server's disk is not visible from here; watch it there.")
    host = conn.info.hostaddr or conn.info.host
    folder = setting(conn, "data_directory")
    if not folder or not (not host or host.startswith(("/", "@")) or is_loopback(host)):
        return hidden
    try:
        usage = shutil.disk_usage(Path(folder))
    except OSError:
        return hidden
    return judge_disk(usage.free / usage.total)


def judge_disk(free: float) -> Check:
    """``free``: the part of the data's disk that is free."""
    said = f"{free:.0%} of the database's disk are free"
    remedy = "Make room on the disk of the data directory, or give it a larger one."
    if free < _DISK_FAIL:
        return Check("fail", f"{said}: the server stops when it is full.", remedy)
    if free < _DISK_WARN:
        return Check("warn", f"{said}.", remedy)
    return Check("ok", f"{said}.")


def _log(conn: Admin) -> Check:
    """Patient data in the server's log would lie outside every rule of this database."""
    wrong = {
        name: good
        for name, good, harmless in (
            ("log_statement", "none", {"", "none", "ddl"}),
            ("log_min_duration_statement", "-1", {"", "-1"}),
            ("log_min_duration_sample", "-1", {"", "-1"}),
            ("log_parameter_max_length_on_error", "0", {"", "0"}),
            ("log_min_error_statement", "panic", {"", "panic", "fatal", "log"}),
            ("log_error_verbosity", "terse", {"", "terse"}),
        )
        if setting(conn, name) not in harmless
    }
    if not wrong:
        return Check("ok", "No patient data goes to the server's log.")
    remedy = " ".join(f"ALTER SYSTEM SET {name} = '{good}';" for name, good in wrong.items())
    state: State = "fail" if "log_statement" in wrong else "warn"
    return Check(
        state,
        f"Patient data could get into the server's log ({', '.join(wrong)}).",
        f"{remedy} SELECT pg_reload_conf();",
    )


def _large_objects(conn: Admin) -> Check:
    row = conn.execute(
        "SELECT bool_or(has_function_privilege('coordinator', f, 'EXECUTE')) FROM unnest(ARRAY["
        "'lo_creat(integer)', 'lo_create(oid)', 'lo_from_bytea(oid,bytea)']) AS f"
    ).fetchone()
    if row is not None and row[0]:
        return Check(
            "warn",
            "Everybody may keep large objects in the database.",
            "As a superuser: REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), "
            "lo_from_bytea(oid, bytea) FROM PUBLIC; where there is none (hosted), accept it.",
        )
    return Check("ok", "Nobody can keep large objects in the database.")


def prepared(conn: Admin) -> Check:
    """A prepared transaction holds its rows without a session, so nothing of ours can end it."""
    if setting(conn, "max_prepared_transactions") in {"", "0"}:
        return Check("ok", "Nobody can leave a transaction behind.")
    return Check(
        "warn",
        "Everybody may leave a transaction behind that holds a patient until somebody ends it "
        "(max_prepared_transactions is not 0).",
        "ALTER SYSTEM SET max_prepared_transactions = 0; and start the server anew. What is there: "
        "SELECT gid, owner FROM pg_prepared_xacts; ROLLBACK PREPARED 'GID';",
    )
