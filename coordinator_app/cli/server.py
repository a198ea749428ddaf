"""``coordinator-admin`` for the server's keeper: the audit, backups, and what the server lacks."""

# A command prints.

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app.cli.words import command, group
from coordinator_app.db import anchors, audit_check
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    verify = command(commands, "verify-audit", _verify_audit, "prove that the audit is whole")
    verify.add_argument("--anchors", type=Path, metavar="FILE", help="compare with an export, too")
    verify.add_argument("--json", action="store_true", help="the result for a program")
    audit = group(commands, "audit", "anchors: what shows that the audit was not rewritten")
    command(audit, "anchor", _anchor, "make an anchor now; the gateway signs it")
    export = command(audit, "export-anchors", _export, "write all anchors to a file")
    export.add_argument("file", type=Path, help="keep it where the server's keeper cannot write")


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
