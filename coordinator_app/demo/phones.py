"""Numbers for the synthetic people: real area codes, and never anybody's telephone.

The population's own numbers (555-960-1339) exist nowhere. The import asks for others, and these
are from 555-0100 to 555-0199 of an area code: set aside for fiction, so that a demo that was
ever connected to a real carrier would still reach nobody.
"""

from __future__ import annotations

OFFICE_NUMBER = "+16175550100"
_NEAR = ("617", "857", "781", "508", "978")  # Massachusetts, where the practice is
_FAR = ("212", "850", "312", "415", "602")  # other zones; 850 lies in two of them
_EVERY = 10  # every tenth person keeps the number of somewhere else
_FIRST = 101  # 0100 of the practice's area code is its office
_LINES = 99


def fictional_number(raw: str, position: int) -> str | None:
    """Return the number of the ``position``-th number of the export, or None when none is left.

    The same position gets the same number in each import, two positions never share one. ``raw``
    is not used: it says nothing.
    """
    del raw
    group, rest = divmod(position, _EVERY)
    if rest == _EVERY - 1:
        codes, index = _FAR, group
    else:
        codes, index = _NEAR, group * (_EVERY - 1) + rest
    line, code = divmod(index, len(codes))
    if line >= _LINES:
        return None
    return f"+1{codes[code]}555{_FIRST + line:04d}"
