"""Which time zones an address may lie in (compliance.md 1.6).

A call is allowed only when it is allowed in *every* candidate zone, so this errs towards more
candidates: where a state is split and the three-digit ZIP area does not settle it, both zones
come back. The empty tuple means "unknown", for which the strictest rule applies.

Zones with the same rules today are given one name, the one that phonenumbers uses too
(all of Michigan's and Indiana's eastern parts are ``America/New_York``), so that an address
and a number that agree do not look as if they did not.
"""

from __future__ import annotations

import re

_NY = "America/New_York"
_CHI = "America/Chicago"
_DEN = "America/Denver"
_BOISE = "America/Boise"
_PHX = "America/Phoenix"
_LA = "America/Los_Angeles"
_ANC = "America/Anchorage"
_ADAK = "America/Adak"

_ONE_ZONE = {
    _NY: "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    _CHI: "AL AR IA IL LA MN MO MS OK WI",
    _DEN: "CO MT NM UT WY",
    _LA: "CA WA",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Pago_Pago": "AS",
}
STATE_ZONES: dict[str, tuple[str, ...]] = {
    state: (zone,) for zone, states in _ONE_ZONE.items() for state in states.split()
} | {
    "AK": (_ANC, _ADAK),
    "AZ": (_PHX, _DEN),  # the Navajo Nation keeps daylight saving time
    "FL": (_NY, _CHI),
    "ID": (_BOISE, _LA),
    "IN": (_NY, _CHI),
    "KS": (_CHI, _DEN),
    "KY": (_NY, _CHI),
    "MI": (_NY, _CHI),
    "ND": (_CHI, _DEN),
    "NE": (_CHI, _DEN),
    "NV": (_LA, _DEN),
    "OR": (_LA, _BOISE),
    "SD": (_CHI, _DEN),
    "TN": (_CHI, _NY),
    "TX": (_CHI, _DEN),
}

# In a split state: the zone of the ZIP areas not named here, then the areas that differ.
_SPLIT: dict[str, tuple[str, dict[tuple[str, ...], str]]] = {
    "AK": (_ANC, {(_ANC, _ADAK): "995"}),
    "AZ": (_PHX, {(_PHX, _DEN): "860 865"}),
    "FL": (_NY, {(_CHI,): "325", (_NY, _CHI): "324"}),
    "ID": (_BOISE, {(_LA,): "838", (_BOISE, _LA): "835"}),
    "IN": (_NY, {(_CHI,): "463 464 476 477", (_NY, _CHI): "465 475 479"}),
    "KS": (_CHI, {(_CHI, _DEN): "677 678"}),
    "KY": (_NY, {(_CHI,): "420 421 422 423 424", (_NY, _CHI): "400 401 425 426 427"}),
    "MI": (_NY, {(_NY, _CHI): "498 499"}),
    "ND": (_CHI, {(_CHI, _DEN): "585 586 588"}),
    "NE": (_CHI, {(_DEN,): "693", (_CHI, _DEN): "690 691 692"}),
    "NV": (_LA, {(_LA, _DEN): "898"}),
    "OR": (_LA, {(_LA, _BOISE): "979"}),
    "SD": (_CHI, {(_DEN,): "577", (_CHI, _DEN): "575 576"}),
    "TN": (_CHI, {(_NY,): "374 376 378 379", (_NY, _CHI): "373 377"}),
    "TX": (_CHI, {(_DEN,): "799 885", (_CHI, _DEN): "798"}),
}

# First three digits of a ZIP code -> state, ranges inclusive (general knowledge of USPS areas).
_ZIP_RANGES = (
    "005-005 NY,006-007 PR,008-008 VI,009-009 PR,010-027 MA,028-029 RI,030-038 NH,039-049 ME,"
    "050-054 VT,055-055 MA,056-059 VT,060-069 CT,070-089 NJ,100-149 NY,150-196 PA,197-199 DE,"
    "200-200 DC,201-201 VA,202-205 DC,206-219 MD,220-246 VA,247-268 WV,270-289 NC,290-299 SC,"
    "300-319 GA,320-339 FL,341-349 FL,350-369 AL,370-385 TN,386-397 MS,398-399 GA,400-427 KY,"
    "430-459 OH,460-479 IN,480-499 MI,500-528 IA,530-549 WI,550-567 MN,569-569 DC,570-577 SD,"
    "580-588 ND,590-599 MT,600-629 IL,630-658 MO,660-679 KS,680-693 NE,700-714 LA,716-729 AR,"
    "730-732 OK,733-733 TX,734-749 OK,750-799 TX,800-816 CO,820-831 WY,832-838 ID,840-847 UT,"
    "850-865 AZ,870-884 NM,885-885 TX,889-898 NV,900-961 CA,967-968 HI,970-979 OR,980-994 WA,"
    "995-999 AK"
)
_STATE_OF_ZIP3: dict[str, str] = {
    f"{area:03d}": entry[-2:]
    for entry in _ZIP_RANGES.split(",")
    for area in range(int(entry[0:3]), int(entry[4:7]) + 1)
}

_STATE_NAMES = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "AS": "American Samoa",
    "GU": "Guam",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico",
    "VI": "Virgin Islands",
}
_CODE_OF_NAME = {name.upper(): code for code, name in _STATE_NAMES.items()} | {
    "WASHINGTON DC": "DC",
    "US VIRGIN ISLANDS": "VI",
}


def state_code(untrusted: str) -> str:
    """Give the two-letter postal code of a state written in any usual way, "" if unknown."""
    words = " ".join(re.sub(r"[^A-Z]+", " ", untrusted.upper().replace(".", "")).split())
    if words in _STATE_NAMES:
        return words
    return _CODE_OF_NAME.get(words, "")


def state_name(code: str) -> str:
    """Give the name of a state by its two letters; what is unknown stays as it is."""
    return _STATE_NAMES.get(code, code)


def state_of_zip(zip_code: str) -> str:
    """Give the state of a ZIP code of at least five digits, "" if it is none."""
    return _STATE_OF_ZIP3.get(zip_code[:3], "") if len(zip_code) >= len("12345") else ""


def candidate_states(state: str, zip_code: str) -> tuple[str, ...]:
    """Give every state that the address may be in: two when state and ZIP disagree."""
    found = (state_code(state), state_of_zip(zip_code))
    return tuple(dict.fromkeys(code for code in found if code))


def zones_for_address(state: str, zip_code: str) -> tuple[str, ...]:
    """Give every IANA zone the address may lie in; () when neither part says anything.

    The split states follow compliance.md 1.6. Their ZIP areas are general knowledge, not checked
    against 49 CFR part 71: where an area was known or thought to cross the line, both zones.
    """
    zones: list[str] = []
    zip_state = state_of_zip(zip_code)
    for code in candidate_states(state, zip_code):
        if code == zip_state and code in _SPLIT:
            usual, areas = _SPLIT[code]
            zones += next(
                (list(found) for found, names in areas.items() if zip_code[:3] in names.split()),
                [usual],
            )
        else:
            zones += STATE_ZONES[code]
    return tuple(dict.fromkeys(zones))
