"""Every icon that is named somewhere is bundled, and every bundled icon is named somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from coordinator_app.domain.outcome import OUTCOMES
from ui.theme.icons import svg

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = {file.stem for file in (ROOT / "resources" / "icons").glob("*.svg")}
# Which argument of a call is an icon.
PLACES: Final = {"IconTile": 0, "IconButton": 0, "EmptyState": 0, "set_look": 0, "Button": 2}
KINDS = "danger|warning|success|info|violet|primary|neutral"
SQL_PAIR = re.compile(rf"'([a-z0-9-]+)',\s*'(?:{KINDS})'")


def _sources(pattern: str) -> list[Path]:
    return [
        file
        for folder in ("ui", "coordinator_app/domain")
        for file in (ROOT / folder).rglob(pattern)
    ]


def _icons_of_call(call: ast.Call) -> list[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    found = [word.value for word in call.keywords if word.arg == "icon"]
    place = PLACES.get(name)
    if place is not None and len(call.args) > place:
        found.append(call.args[place])
    if name in {"pixmap", "svg"} and call.args:
        found.append(call.args[0])
    if name == "set_icon" and call.args:  # a button's own, or the theme's with the button first
        found.append(call.args[min(len(call.args) - 1, 1 if len(call.args) > 2 else 0)])
    return [
        leaf.value
        for node in found
        for leaf in ([node.body, node.orelse] if isinstance(node, ast.IfExp) else [node])
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and leaf.value
    ]


def _named() -> set[str]:
    names = {spec.icon for spec in OUTCOMES}
    for file in _sources("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                names.update(_icons_of_call(node))
    for file in (ROOT / "resources" / "sql" / "functions").glob("*.sql"):
        text = file.read_text(encoding="utf-8")
        names.update(SQL_PAIR.findall(text))
    return names


def test_every_named_icon_is_bundled() -> None:
    names = _named()
    assert len(names) > 40, "the search itself has broken"
    assert names - BUNDLED == set()


def test_every_bundled_icon_is_named_in_code_or_sql() -> None:
    texts = [file.read_text(encoding="utf-8") for file in _sources("*.py")]
    texts += [f.read_text(encoding="utf-8") for f in (ROOT / "resources" / "sql").rglob("*.sql")]
    quoted = set(re.findall(r"[\"']([a-z][a-z0-9-]*)[\"']", "\n".join(texts)))
    assert BUNDLED - quoted == set()


@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_every_icon_can_be_tinted(name: str) -> None:
    assert "currentColor" in svg(name)


def test_an_icon_that_is_not_bundled_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        svg("no-such-icon")
