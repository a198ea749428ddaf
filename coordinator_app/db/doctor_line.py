"""What ``doctor`` says about the phone line: the findings of the gateway's last check."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from coordinator_app.db.admin_session import value
from coordinator_app.db.codec import decode_rows
from coordinator_app.db.doctor_server import Check
from coordinator_app.domain.line_setup import Level, LineFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator_app.db.admin_session import Admin

_STATES: dict[Level, Literal["fail", "warn"]] = {Level.BLOCK: "fail", Level.WARN: "warn"}
_OLD = timedelta(days=2)  # the gateway checks every day
_START = "Start the gateway; it checks when it starts, and every day (docs/administrator.md)."
# Doctor has checks of its own for these.
_ELSEWHERE = frozenset({"agreement", "authorization"})


def ear_checks(conn: Admin) -> Iterator[Check]:
    """Whether those who hear calls in the program can, on a real line."""
    count = value(
        conn,
        "SELECT count(*) FROM app.person p WHERE p.active "
        "AND p.role IN ('coordinator', 'supervisor') AND p.agent_endpoint LIKE 'client%' "
        "AND NOT EXISTS (SELECT FROM app.softphone_key) "
        "AND EXISTS (SELECT FROM app.gateway_health g WHERE NOT g.is_practice_line)",
    )
    if count:
        yield Check(
            "warn",
            f"People who hear calls in the program: {count}; no key for the softphone is set.",
            "coordinator-admin softphone set; or they choose their own phone under Settings.",
        )


def line_checks(conn: Admin) -> Iterator[Check]:
    """What stops calls, and what should be mended; a practice line is not judged."""
    row = conn.execute("SELECT s.source, s.checked_at, s.findings FROM app.line_setup s").fetchone()
    if row is None or row[0] == "practice":
        return
    _, checked_at, findings = row
    if checked_at is None:
        yield Check("warn", "The phone line was never checked.", _START)
        return
    if checked_at < value(conn, "SELECT app.now()") - _OLD:
        yield Check("warn", f"The phone line was last checked on {checked_at:%Y-%m-%d}.", _START)
    wrong = [
        finding
        for finding in decode_rows(LineFinding, findings)
        if finding.level in _STATES and finding.name not in _ELSEWHERE
    ]
    for finding in wrong:
        remedy = finding.remedy or "Settings, Phone line, in a supervisor's window."
        yield Check(_STATES[finding.level], f"Phone line: {finding.sentence}", remedy)
    if not wrong:
        yield Check("ok", "The phone line's last check found nothing to mend.")
