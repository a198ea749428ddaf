"""Verifying the audit against reading it: `SELECT count(*), sum(length(hash))` of the same table.

``python -m benchmarks.verify_audit [ROWS]`` (1,000,000) rows in 50 chains. Verifying computes every
hash anew, follows every link and compares heads; the baseline only reads the table, with as many
processors.
"""

from __future__ import annotations

import os
import sys
import time

import psycopg

from benchmarks.server import practice
from coordinator_app.db.admin_session import as_auditor, connect_admin
from coordinator_app.db.audit_check import verify_audit

_CHAINS = 50
_FILL = """
DO $do$
DECLARE
    v_prev bytea;
    v_hash bytea;
    v_id uuid;
    v_chain text;
BEGIN
    FOR c IN 1..{chains} LOOP
        v_prev := ''; v_chain := 'person' || c;
        FOR i IN 1..{rows} LOOP
            v_id := gen_random_uuid();
            v_hash := audit.event_hash(v_prev, v_chain, i, 1700000000000000 + i * 1000000::bigint,
                v_chain, 'card.read', 'queue_entry/' || v_id, v_id, '{{"fence": 3}}');
            INSERT INTO audit.event VALUES (v_chain, i, 1700000000000000 + i * 1000000::bigint,
                v_chain, 'card.read', 'queue_entry/' || v_id, v_id, '{{"fence": 3}}', v_prev,
                v_hash);
            v_prev := v_hash;
        END LOOP;
        INSERT INTO audit.head VALUES (v_chain, {rows}, v_prev);
    END LOOP;
END $do$
"""
_BASELINE = "SELECT count(*), sum(length(hash)) FROM audit.event"


def main() -> None:
    """Print rows a second of both, and their ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with practice(100, 1) as bench:
        with psycopg.connect(bench.superuser, autocommit=True) as conn:
            conn.execute("SET ROLE audit_owner")
            conn.execute(_FILL.format(chains=_CHAINS, rows=rows // _CHAINS).encode())
            conn.execute("VACUUM ANALYZE audit.event")
        with connect_admin(bench.superuser) as admin, as_auditor(admin) as reader:
            reader.execute(_BASELINE)  # both read from memory
            began = time.perf_counter()
            found = reader.execute(_BASELINE).fetchone()
            base = time.perf_counter() - began
        report = verify_audit(bench.superuser)
        assert report.whole, report.findings[:3]
        assert found is not None
        print(
            f"PostgreSQL {bench.binaries.version}, {os.cpu_count()} processors, {found[0]:,} rows"
        )
        print(f"count(*), sum(length(hash))  {found[0] / base:12,.0f} rows/s")
        print(
            f"verify-audit                 {report.rows / report.seconds:12,.0f} rows/s"
            f"   ratio {base / report.seconds:.2f}"
        )


if __name__ == "__main__":
    main()
