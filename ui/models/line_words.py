"""How the phone line is, in the few words of a status bar and of the team's board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QCoreApplication

from ui.models.clock_text import clock

if TYPE_CHECKING:
    from coordinator_app.domain.practice import LineHealth

__all__ = ["LINE_KINDS", "line_words"]

Kind = Literal["success", "warning", "danger", "neutral"]

#: Which colour goes with which state.
LINE_KINDS: Final[dict[str, Kind]] = {"ok": "success", "slow": "warning", "down": "danger"}


def line_words(line: LineHealth, zone: str) -> str:
    """Say "Line ready · 85 ms", "Line slow since 2:05 PM · 2300 ms", "Line down since 2:05 PM".

    Args:
        line: as the gateway last reported it.
        zone: IANA, the practice's.
    """

    def words(text: str) -> str:
        return QCoreApplication.translate("LineWords", text)

    said = {
        "ok": words("Line ready"),
        "slow": words("Line slow"),
        "down": words("Line down"),
    }.get(line.state, line.state)
    if line.state != "ok" and line.since is not None:
        since = words("%1 since %2").replace("%2", clock(line.since, zone))
        said = since.replace("%1", said)
    if line.round_trip_ms is not None and line.state != "down":
        said = f"{said} · {line.round_trip_ms} ms"
    if line.is_practice_line:
        said = words("%1 · practice line").replace("%1", said)
    return said
