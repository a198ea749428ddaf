"""Twilio's refusals in the coordinator's words, and what happens next (telephony.md 1.2).

The category decides what becomes of the call and of the line (``backend.Category``). Two answers
are no refusals: ``GONE`` (the race with a call's own end) and ``RECONCILE`` (the call may exist,
so it is looked up and never sent again). The HTTP status decides first, the code second; an
unknown code is a line error, never a crash. Twilio's own message is not shown: it may carry the
number or the account.
"""

from __future__ import annotations

from coordinator_app.calls.backend import Category, Rejected

_BAD = "The line says that this number does not exist or cannot be reached."
_FORBIDDEN = "The line does not allow calls to this number."
_ACCOUNT = (
    "The phone line's account or key is not accepted. Nobody can call until your supervisor "
    "has checked it."
)
_COUNTRY = (
    "The phone line is not set up to call this region. Your supervisor can change that at the "
    "carrier."
)
_CALLER_ID = (
    "The office number is not confirmed as caller ID. Nobody can call until your supervisor "
    "has confirmed it."
)
_TRIAL = "The phone line's account is a trial and may only call confirmed numbers."
_BUSY = "The line is busy with other calls."
_OURS = "The line did not understand the request. Please tell your supervisor."
_UNKNOWN_ID = "The line no longer knows this call."
_OTHER = "The line refused the call."

_CODES: dict[int, tuple[Category, str]] = {
    **dict.fromkeys((20003, 20005, 20008, 10001), (Category.CONFIGURATION, _ACCOUNT)),
    **dict.fromkeys((20429, 10004, 16021), (Category.WAIT, _BUSY)),
    **dict.fromkeys((21201, 21211, 21217, 13224, 21214), (Category.NUMBER_BAD, _BAD)),
    **dict.fromkeys((21202, 13225, 21216), (Category.BLOCKED, _FORBIDDEN)),
    # One number abroad must not stop the others' calls, so these do not stop the line.
    **dict.fromkeys((21203, 21215, 13227, 32205), (Category.BLOCKED, _COUNTRY)),
    **dict.fromkeys((21210, 21212, 13214), (Category.CONFIGURATION, _CALLER_ID)),
    21219: (Category.BLOCKED, _TRIAL),
    **dict.fromkeys((21205, 21218, 12100), (Category.LINE_ERROR, _OURS)),
    20404: (Category.LINE_ERROR, _UNKNOWN_ID),
}

#: "Call is not in-progress": a hang-up, hold or keypad that came too late.
GONE = 21220
#: "Call already initiated": it may be up, so it is looked up and not sent again.
RECONCILE = frozenset({21204})
#: The office number may not be shown (any more): the line is to be checked again.
CALLER_ID = frozenset({21210, 21212, 13214})
_TOO_MANY = 429
_LOGIN = (401, 403)


def rejected(status: int, code: int, retry_after_s: float | None) -> Rejected:
    """What an answer in the 400s to a dial means. ``status``: HTTP; ``code``: Twilio's."""
    if status == _TOO_MANY:
        return Rejected(str(code), Category.WAIT, _BUSY, retry_after_s)
    category, sentence = _CODES.get(code, (Category.LINE_ERROR, _OTHER))
    if status in _LOGIN and category is Category.LINE_ERROR:
        category, sentence = Category.CONFIGURATION, _ACCOUNT
    return Rejected(str(code), category, sentence)
