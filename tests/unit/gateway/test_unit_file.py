"""The systemd unit: hardened, without secrets, and accepted by systemd where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "installer" / "systemd" / "coordinator-gateway.service"


def settings() -> list[tuple[str, str]]:
    lines = UNIT.read_text("utf-8").splitlines()
    return [
        (key, value)
        for key, _, value in (line.partition("=") for line in lines)
        if key[:1].isupper()
    ]


def test_it_starts_our_program_and_gives_it_nothing_it_does_not_need() -> None:
    given = dict(settings())
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert Path(given["ExecStart"]).name in scripts
    for key, value in {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "CapabilityBoundingSet": "",
        "SocketBindDeny": "any",  # it opens no inbound port
        "Restart": "on-failure",
        "Type": "notify",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
    }.items():
        assert given[key] == value
    loaded = {value.partition(":")[0] for key, value in settings() if key == "LoadCredential"}
    assert loaded == {"conninfo", "carrier"}
    assert "Environment" not in given


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    words = UNIT.read_text("utf-8")
    unit.write_text(words.replace("/usr/bin/coordinator-gateway", sys.executable), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
