"""Whether the audit is whole: every row, every head, every anchor, every place that a purge cut.

Nothing in the database is trusted to judge itself: hashes are computed by expressions of this
file, not by the database's own functions. Works as any login that may become ``audit_owner``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from coordinator_app.db.admin_session import as_auditor, connect_admin
from coordinator_app.db.anchors import ExportedAnchor, is_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from coordinator_app.db.admin_session import Admin

# The same text that audit.event_hash makes by jsonb, written so that a million rows take seconds:
# PostgreSQL prints jsonb arrays with ", " between the elements.
EVENT_TEXT = (
    "format('[%s, %s, %s, %s, %s, %s, %s, %s]', to_json(e.chain), e.seq, e.at_us, "
    "to_json(e.actor), to_json(e.action), to_json(e.object), "
    "coalesce('\"' || e.patient_id || '\"', 'null'), e.detail)"
)
EVENT_HASH = f"sha256(e.prev || convert_to({EVENT_TEXT}, 'UTF8'))"
_ANCHOR_HASH = (
    "sha256(a.prev || convert_to(jsonb_build_array(a.id, "
    "(extract(epoch FROM a.at) * 1000000)::bigint, a.heads)::text, 'UTF8'))"
)
_SIX_YEARS_AGO = "(extract(epoch FROM clock_timestamp() - interval '6 years') * 1000000)::bigint"
_NEWEST_CUT = "(SELECT DISTINCT ON (chain) * FROM audit.cut ORDER BY chain, seq DESC)"


def _sql(text: str) -> str:
    """Put the expressions of above in their places."""
    for name, expression in (
        ("<event hash>", EVENT_HASH),
        ("<anchor hash>", _ANCHOR_HASH),
        ("<six years ago>", _SIX_YEARS_AGO),
        ("<newest cut>", _NEWEST_CUT),
    ):
        text = text.replace(name, expression)
    return text


# One pass over all rows: is the content what was hashed, and is the row before it the one it names?
_ROWS = _sql("""
SELECT DISTINCT ON (e.chain) e.chain, e.seq,
    CASE WHEN e.hash IS DISTINCT FROM <event hash> THEN 'changed'
        WHEN p.seq IS NULL AND c.seq IS NULL THEN 'gap' ELSE 'unlinked' END
FROM audit.event e
LEFT JOIN audit.event p ON p.chain = e.chain AND p.seq = e.seq - 1
LEFT JOIN <newest cut> c ON c.chain = e.chain AND c.seq = e.seq - 1
WHERE e.hash IS DISTINCT FROM <event hash>
    OR e.prev IS DISTINCT FROM CASE WHEN p.seq IS NOT NULL THEN p.hash
        WHEN c.seq IS NOT NULL THEN c.hash WHEN e.seq = 1 THEN ''::bytea END
ORDER BY e.chain, e.seq
""")
_CHAINS = _sql("""
SELECT coalesce(r.chain, h.chain, c.chain), r.count, r.first, r.last, h.seq, h.hash = e.hash,
    coalesce(c.seq, 0), f.at_us < <six years ago>
FROM (SELECT chain, count(*), min(seq) AS first, max(seq) AS last
    FROM audit.event GROUP BY chain) r
FULL JOIN audit.head h ON h.chain = r.chain
-- A cut alone, with nothing after it, must not explain away a chain that anchors name.
FULL JOIN <newest cut> c ON c.chain = coalesce(r.chain, h.chain)
LEFT JOIN audit.event e ON e.chain = h.chain AND e.seq = h.seq
LEFT JOIN audit.event f ON f.chain = c.chain AND f.seq = c.seq + 1
ORDER BY 1
""")
_TWICE = """
SELECT seq FROM audit.event WHERE chain = %s GROUP BY seq HAVING count(*) > 1 ORDER BY 1 LIMIT 1
"""
_ANCHORS = _sql("""
SELECT a.id, a.at, a.heads, a.prev, a.hash, a.hash = <anchor hash>, s.public_key, s.signature,
    a.at < clock_timestamp() - interval '6 years'
FROM audit.anchor a LEFT JOIN audit.anchor_signature s ON s.anchor_id = a.id ORDER BY a.id
""")
_MADE = "SELECT object, detail ->> 'hash' FROM audit.event WHERE action = 'anchor'"
# Heads that an anchor names and that the chain no longer contains.
_HEADS = _sql("""
SELECT a.id, k.chain, k.seq
FROM jsonb_to_recordset(%s) AS a (id bigint, heads jsonb)
CROSS JOIN LATERAL (SELECT key, (value ->> 0)::bigint, value ->> 1 FROM jsonb_each(a.heads))
    AS k (chain, seq, hash)
LEFT JOIN audit.event e ON e.chain = k.chain AND e.seq = k.seq
LEFT JOIN <newest cut> c ON c.chain = k.chain
WHERE k.seq >= greatest(coalesce(c.seq, 1), 1)
    AND encode(CASE WHEN k.seq = c.seq THEN c.hash ELSE e.hash END, 'hex') IS DISTINCT FROM k.hash
ORDER BY a.id, k.chain LIMIT 20
""")
_WORDS = {
    "changed": "its content is not what was written",
    "gap": "the row before it is missing",
    "unlinked": "it does not continue the row before it: one of the two was rewritten",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``chain``: "" for an anchor; ``number``: of the row or anchor."""

    chain: str
    number: int
    wrong: str

    @property
    def sentence(self) -> str:
        """For a person."""
        where = f"Chain {self.chain}, row {self.number}" if self.chain else f"Anchor {self.number}"
        return f"{where}: {self.wrong}."


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was looked at, and what is wrong with it: the first bad row of each chain."""

    rows: int
    chains: int
    anchors: int
    signed: int
    keys: tuple[str, ...]  # public keys that signed, in hexadecimal
    exported: int  # anchors in the file that were compared
    seconds: float
    heads: Mapping[str, tuple[int, str]]  # chain: number and hash of its newest row
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "whole": self.whole,
            "rows": self.rows,
            "chains": self.chains,
            "anchors": self.anchors,
            "signed": self.signed,
            "keys": list(self.keys),
            "exported": self.exported,
            "seconds": round(self.seconds, 3),
            "findings": [
                {"chain": one.chain, "number": one.number, "wrong": one.wrong}
                for one in self.findings
            ],
        }


def verify_audit(conninfo: str, exported: Sequence[ExportedAnchor] = ()) -> AuditReport:
    """Check the whole audit, and that it still contains what ``exported`` anchors say.

    Raises NotAllowedError when this login may not read the audit, and the errors of connecting.
    """
    began = time.monotonic()
    # One snapshot: people go on working while we read.
    with connect_admin(conninfo) as conn, as_auditor(conn):
        rows, heads, findings = _events(conn)
        anchors = conn.execute(_ANCHORS).fetchall()
        findings += _anchors(conn, anchors)
        findings += _heads(conn, [(one[0], one[2]) for one in anchors], "")
        findings += _exports(conn, anchors, exported)
    return AuditReport(
        rows=rows,
        chains=len(heads),
        anchors=len(anchors),
        signed=sum(one[7] is not None for one in anchors),
        keys=tuple(sorted({one[6].hex() for one in anchors if one[6] is not None})),
        exported=len(exported),
        seconds=time.monotonic() - began,
        heads=heads,
        findings=tuple(_first_of_each(findings)),
    )


def _events(conn: Admin) -> tuple[int, dict[str, tuple[int, str]], list[Finding]]:
    findings = [Finding(chain, seq, _WORDS[kind]) for chain, seq, kind in conn.execute(_ROWS)]
    chains = conn.execute(_CHAINS).fetchall()
    for chain, count, first, last, head, same, cut, old in chains:
        if head is None:
            findings.append(Finding(chain, last or cut, "the chain has no head"))
        elif (last or cut) > head:
            findings.append(Finding(chain, head + 1, "the head does not know this row"))
        elif not same and head > 0:
            missing = last is None or last < head
            findings.append(
                Finding(
                    chain,
                    (last or cut) + 1 if missing else head,
                    "the newest rows are missing" if missing else "it is not the row of the head",
                )
            )
        if count and count > last - first + 1:
            twice = conn.execute(_TWICE, [chain]).fetchone()
            findings.append(Finding(chain, twice[0] if twice else first, "it is there twice"))
        if cut and not old:
            findings.append(
                Finding(chain, cut + 1, "the chain was cut before it, which is not six years old")
            )
    newest = conn.execute("SELECT chain, seq, encode(hash, 'hex') FROM audit.head").fetchall()
    heads = {chain: (seq, value) for chain, seq, value in newest}
    return sum(one[1] or 0 for one in chains), heads, findings


def _anchors(conn: Admin, anchors: Sequence[tuple[Any, ...]]) -> list[Finding]:
    made = dict(conn.execute(_MADE).fetchall())
    findings = []
    number, before = 0, b""
    for found, _, _, prev, kept, fits, key, signature, old in anchors:
        about = []
        if found != number + 1:
            about.append("the anchor before it is missing")
        elif prev != before:
            about.append("it does not continue the anchor before it")
        if not fits:
            about.append("its content is not what was written")
        if signature is not None and not is_signed(kept, key, signature):
            about.append("its signature is wrong")
        if made.pop(f"anchor/{found}", None) != kept.hex() and not old:
            about.append("it is not the one that the chains say was made")
        findings += [Finding("", found, wrong) for wrong in about[:1]]
        number, before = found, kept
    lost = (int(name.removeprefix("anchor/")) for name in made if name[7:].isdecimal())
    findings += [Finding("", one, "it was made and is gone") for one in sorted(lost)]
    return findings


def _heads(conn: Admin, anchors: Iterable[tuple[int, Any]], whose: str) -> list[Finding]:
    named = Jsonb([{"id": number, "heads": heads} for number, heads in anchors])
    return [
        Finding(chain, seq, f"the {whose}anchor {number} names another row, or this one is gone")
        for number, chain, seq in conn.execute(_HEADS, [named])
    ]


def _exports(
    conn: Admin, anchors: Sequence[tuple[Any, ...]], exported: Sequence[ExportedAnchor]
) -> list[Finding]:
    here = {one[0]: one[4] for one in anchors}
    findings = []
    for one in exported:
        if one.hash != one.computed_hash():
            findings.append(Finding("", one.id, "the file itself was changed there"))
        elif one.signature and not is_signed(one.hash, one.public_key, one.signature):
            findings.append(Finding("", one.id, "its signature in the file is wrong"))
        elif one.id not in here:
            findings.append(Finding("", one.id, "it was exported and is gone"))
        elif here[one.id] != one.hash:
            findings.append(Finding("", one.id, "it is not the one that was exported"))
    return findings + _heads(conn, [(one.id, one.heads) for one in exported], "exported ")


def _first_of_each(findings: Iterable[Finding]) -> Iterable[Finding]:
    """The first bad row of each chain, then the anchors, in order."""
    seen: set[str] = set()
    for one in sorted(findings, key=lambda one: (not one.chain, one.chain, one.number)):
        if one.chain and one.chain in seen:
            continue
        seen.add(one.chain)
        yield one
