"""docs/line-cases.md names the test of each thing that can happen to a call: they all exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "docs" / "line-cases.md"
SHORT = {
    "engine": "tests/unit/calls/test_engine.py",
    "faults": "tests/unit/calls/test_engine_faults.py",
    "matrix": "tests/unit/calls/test_engine_matrix.py",
    "phone": "tests/unit/calls/test_own_phone.py",
    "soak": "tests/unit/calls/test_soak.py",
    "policies": "tests/db/test_gateway_policies.py",
    "own": "tests/db/test_phone_policies.py",
}


def test_every_test_that_the_table_names_exists() -> None:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|") and "`test_" in line]
    assert len(rows) >= 18
    missing = []
    for row in rows:
        named = re.findall(r"(?:`(tests/[\w/]+\.py)`|\b(\w+)) `(test_\w+)`", row)
        assert named, row
        for path, short, name in named:
            file = ROOT / (path or SHORT[short])
            if f"def {name}(" not in file.read_text(encoding="utf-8"):
                missing.append(name)
    assert missing == []
