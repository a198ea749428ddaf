"""``coordinator-admin`` for the server's keeper: the audit, backups, and what the server lacks."""

# A command prints.

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command, group
from coordinator_app.db import anchors, audit_check, backup, doctor
from coordinator_app.db.doctor_server import Check
from coordinator_app.demo.binaries import all_binaries
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    verify = command(commands, "verify-audit", _verify_audit, "prove that the audit is whole")
    verify.add_argument("--anchors", type=Path, metavar="FILE", help="compare with an export, too")
    verify.add_argument("--json", action="store_true", help="the result for a program")
    made = command(commands, "backup", _backup, "write a backup that can be proved")
    made.add_argument("folder", type=Path, metavar="DIR")
    put = command(
        commands, "restore", _restore, "put a backup into an empty database, and prove it"
    )
    put.add_argument("file", type=Path, metavar="FILE", help="the dump; its manifest beside it")
    put.add_argument("--into", required=True, metavar="CONNINFO", help="the empty database")
    examine = command(commands, "doctor", _doctor, "say what is wrong here, and the remedy")
    examine.add_argument("--json", action="store_true", help="the result for a program")
    audit = group(commands, "audit", "anchors: what shows that the audit was not rewritten")
    command(audit, "anchor", _anchor, "make an anchor now; the gateway signs it")
    export = command(audit, "export-anchors", _export, "write all anchors to a file")
    export.add_argument("file", type=Path, help="keep it where the server's keeper cannot write")


def _backup(options: argparse.Namespace) -> None:
    made = backup.make_backup(options.database, options.folder, _program_folders())
    print(f"{made.dump} ({made.size / 1e6:,.1f} MB) and its manifest were written.")
    print(f"SHA-256 {made.sha256}")
    print("Keep both together, encrypted, on another computer.")


def _restore(options: argparse.Namespace) -> None:
    restored = backup.restore_backup(options.file, options.into, _program_folders())
    tell_audit(restored.report)
    print(f"The backup is restored and proved (schema {restored.schema}).")
    if restored.closed:
        print(
            f"These logins wait for a password: {', '.join(restored.closed)}. Use "
            "coordinator-admin user reset LOGIN (gateway reset for the gateway's)."
        )
    if restored.known:
        print(
            f"These logins were here already and stayed as they are: {', '.join(restored.known)}."
        )


def _program_folders() -> Iterator[Path]:
    """Where PostgreSQL's programs lie that came with the demo; looked at last."""
    yield from (found.bin_dir for found in all_binaries())


def tell_failures(database: str) -> None:
    """Say what has to be done before people come, after an installation or an upgrade."""
    failed = [check for check in doctor.examine(database) if check.state == "fail"]
    for check in failed:
        _tell_check(check)
    if failed:
        print("When that is done: coordinator-admin doctor")


def _doctor(options: argparse.Namespace) -> None:
    checks = doctor.examine(options.database)
    failed = sum(check.state == "fail" for check in checks)
    if options.json:
        print(json.dumps([asdict(check) for check in checks], indent=2, ensure_ascii=False))
    else:
        for check in checks:
            _tell_check(check)
    if failed:
        raise RefusedError(
            "One thing has to be mended." if failed == 1 else f"{failed} things have to be mended.",
            name="doctor_failed",
        )


def _tell_check(check: Check) -> None:
    print(f"{check.state:<5} {check.what}")
    if check.remedy:
        print(f"      -> {check.remedy}")


def _verify_audit(options: argparse.Namespace) -> None:
    exported = anchors.read_anchors(options.anchors) if options.anchors else ()
    report = audit_check.verify_audit(options.database, exported)
    if options.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        tell_audit(report)
    if not report.whole:
        raise RefusedError(
            "The audit was changed. Keep the server as it is, make a backup, and follow “First "
            "steps after an incident” in docs/administrator.md.",
            name="audit_broken",
        )


def tell_audit(report: audit_check.AuditReport) -> None:
    """Say what was found."""
    for finding in report.findings:
        print(finding.sentence)
    verdict = "The audit is whole" if report.whole else "The audit is not whole"
    keys = f", by {len(report.keys)} keys" if len(report.keys) > 1 else ""
    compared = f", {report.exported} compared with the export" if report.exported else ""
    print(
        f"{verdict}: {report.rows:,} rows in {report.chains} chains, {report.anchors} anchors "
        f"({report.signed} signed{keys}{compared}), {report.seconds:.1f} s."
    )


def _anchor(options: argparse.Namespace) -> None:
    number = anchors.make_anchor(options.database)
    print(f"Anchor {number} was made. The gateway signs it within minutes.")


def _export(options: argparse.Namespace) -> None:
    count, signed = anchors.export_anchors(options.database, options.file)
    print(f"{count} anchors ({signed} signed) were written to {options.file}.")
