"""The pages for the practice name things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coordinator_app.cli import main

ROOT = Path(__file__).resolve().parents[2]
MAP = (ROOT / "docs" / "hipaa-map.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "administrator.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", MAP)))
COMMANDS = sorted(
    {
        tuple(match.split())
        for match in re.findall(r"coordinator-admin ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", GUIDE)
    }
)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_every_test_that_the_hipaa_map_names_exists(file: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_every_file_that_the_hipaa_map_names_exists() -> None:
    assert len(NAMED) > 30
    for name in re.findall(r"`((?:docs|resources|coordinator_app|ui)/[\w/.-]+)`", MAP):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_that_the_administrators_page_names_exists(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().err == ""
