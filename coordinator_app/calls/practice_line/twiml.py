"""The little TwiML that the practice line follows: keys, a conference, hanging up."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from coordinator_app.calls.practice_line.core import LineError

_LONGEST = 4000
_SPOKEN = frozenset({"Say", "Play", "Pause"})


def parse_twiml(text: str) -> tuple[tuple[str, str, str], ...]:
    """Verbs as (name, value, label). Raises LineError 12100 for what Twilio would not read."""
    if len(text) > _LONGEST:
        raise LineError(400, 21218, "Twiml must be at most 4000 characters")
    try:
        root = ET.fromstring(text)  # noqa: S314  our own client's text, over loopback only
    except ET.ParseError:
        raise LineError(400, 12100, "Document parse failure") from None
    if root.tag != "Response":
        raise LineError(400, 12100, "Document parse failure")
    return tuple(_verb(element) for element in root)


def _verb(element: ET.Element) -> tuple[str, str, str]:
    digits = element.get("digits", "")
    if element.tag == "Play" and digits:
        return "digits", digits, ""
    if element.tag in _SPOKEN:
        return "said", "", ""
    if element.tag == "Hangup":
        return "hangup", "", ""
    if element.tag == "Enqueue" and element.text:
        return "queue", element.text.strip(), ""
    room = element.find("Conference") if element.tag == "Dial" else None
    if room is None or not room.text:
        raise LineError(400, 12100, "The practice line does not follow this instruction")
    return "room", room.text.strip(), room.get("participantLabel", "")
