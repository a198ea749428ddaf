"""Reading what describes a person: names, gender, language, payer, ZIP."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coordinator_app.domain.imports import PayerClass
from coordinator_app.practice_systems.values import CellError

_MAX_NAME = 120
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|v|md|dds|dmd|phd|esq)\.?", re.IGNORECASE)
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|mx|dr|rev|sr\.?a)\.?", re.IGNORECASE)
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "da", "dos", "di", "van", "von", "der"})
_INITIAL = re.compile(r"[^\W\d_]\.?")

_LANGUAGES = {
    name: code
    for code, names in {
        "en": "english eng en",
        "es": "spanish espanol español spa es castilian",
        "zh": "chinese chi zho zh mandarin cmn",
        "yue": "cantonese yue",
        "vi": "vietnamese vie vi",
        "tl": "tagalog filipino tgl fil tl",
        "ko": "korean kor ko",
        "ru": "russian rus ru",
        "ar": "arabic ara ar",
        "fr": "french fre fra fr",
        "ht": "haitian hat ht",
        "pt": "portuguese por pt",
        "pl": "polish pol pl",
        "de": "german ger deu de",
        "it": "italian ita it",
        "ja": "japanese jpn ja",
        "hi": "hindi hin hi",
        "bn": "bengali bangla ben bn",
        "pa": "punjabi panjabi pan pa",
        "ur": "urdu urd ur",
        "gu": "gujarati guj gu",
        "fa": "persian farsi per fas fa",
        "so": "somali som so",
        "am": "amharic amh am",
        "hmn": "hmong hmn",
        "km": "khmer cambodian khm km",
        "lo": "lao laotian lao lo",
        "th": "thai tha th",
        "uk": "ukrainian ukr uk",
        "ne": "nepali nep ne",
        "sw": "swahili swa sw",
        "hy": "armenian arm hye hy",
        "he": "hebrew heb he",
        "el": "greek gre ell el",
        "nv": "navajo nav nv",
        "ase": "asl ase",
    }.items()
    for name in names.split()
}
_REGIONAL = re.compile(r"([a-z]{2,3})[-_](?:[a-z]{4}[-_])?([a-z]{2}|\d{3})")
_MALE = frozenset({"m", "male", "man", "boy"})
_FEMALE = frozenset({"f", "female", "woman", "girl"})
_OTHER_GENDER = frozenset(
    {"o", "other", "x", "nonbinary", "non-binary", "nb", "transgender", "intersex"}
)
_UNKNOWN_GENDER = frozenset({"u", "unknown", "unk", "undifferentiated", "declined"})

# The programs have a name of their own in many states.
_MEDICAID = re.compile(
    r"medicaid|masshealth|medi-?cal\b|tenncare|badgercare|husky health|\bahcccs\b|soonercare"
    r"|\bchip\b|apple health|health first colorado|\bnj familycare\b",
    re.IGNORECASE,
)
_MEDICARE = re.compile(r"medicare|\bmcr\b", re.IGNORECASE)
_SELF_PAY = re.compile(
    r"self[- ]?pay|\bcash\b|uninsured|no insurance|private pay|^self$|^patient$|no coverage",
    re.IGNORECASE,
)
_OTHER_PAYER = re.compile(
    r"tricare|champva|\bva\b|veterans|workers'? comp|work comp|auto(?:mobile)? ins|liability"
    r"|indian health",
    re.IGNORECASE,
)
_NON_PUBLIC_TYPES = frozenset({"HIP", "EHCPOL", "HSAPOL", "PPO", "HMO", "POS", "DENTPRG", "DENTAL"})

# Common given names of the United States (general knowledge), most of them rare as family
# names: enough to tell which of two columns holds the first names.
_GIVEN_NAMES = frozenset(
    """
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty
    sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie
    rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda pamela nicole
    anna samantha katherine christine helen debra rachel carolyn janet maria catherine heather
    diane olivia julie joyce victoria ruth virginia lauren christina joan evelyn judith andrea
    hannah megan cheryl jacqueline martha madison teresa gloria sara janice ann kathryn sophia
    frances jean alice judy isabella julia denise grace amber danielle rosa carmen guadalupe
    robert john michael david william richard joseph thomas christopher charles daniel matthew
    anthony mark donald steven andrew paul joshua kenneth kevin brian timothy ronald jason jeffrey
    ryan jacob gary nicholas eric jonathan stephen larry justin brandon benjamin samuel gregory
    alexander patrick frank raymond jack dennis jerry tyler aaron jose juan carlos luis jorge
    miguel pedro manuel francisco nathan zachary peter kyle noah ethan jeremy walter keith sean
    austin roger terry ralph roy eugene russell bobby philip louis wayne
    """.split()  # noqa: SIM905  (some two hundred names are easier to check as text)
)
_ENOUGH_TO_SUSPECT = 3


def split_name(full: str) -> tuple[str, str, str]:
    """Split a full name into family, given and middle.

    "LOPEZ GARCIA, MARIA J" and "Maria J Lopez Garcia" both give Lopez Garcia, Maria, J. A
    generation or degree stays with the family name ("King Jr"), a title is dropped.

    Raises:
        CellError: there is only one word, or nothing.
    """
    if len(full) > _MAX_NAME:
        raise CellError("The name is too long to be a name.")
    parts = [part.strip() for part in full.split(",") if part.strip()]
    if len(parts) > 1:
        suffixes = [part for part in parts[1:] if _SUFFIX.fullmatch(part)]
        rest = [part for part in parts[1:] if not _SUFFIX.fullmatch(part)]
        if not rest:  # "John King, Jr"
            family, given, middle = split_name(parts[0])
            return " ".join([family, *suffixes]), given, middle
        words = [word for word in " ".join(rest).split() if not _TITLE.fullmatch(word)]
        suffixes += [word for word in words[1:] if _SUFFIX.fullmatch(word)]
        words = words[:1] + [word for word in words[1:] if not _SUFFIX.fullmatch(word)]
        if not words:
            raise CellError("The first name is missing.")
        return " ".join([parts[0], *suffixes]), words[0], " ".join(words[1:])
    words = [word for word in full.replace(",", " ").split() if not _TITLE.fullmatch(word)]
    if len(words) < len(("first", "last")):
        raise CellError("The name is a single word: first and last name are needed.")
    given, rest = words[0], words[1:]
    middle = rest.pop(0) if len(rest) > 1 and _INITIAL.fullmatch(rest[0]) else ""
    middle_is_word = (
        not middle
        and len(rest) == 2  # noqa: PLR2004  (one more word than a family name needs)
        and rest[0].lower() in _GIVEN_NAMES
        and rest[0].lower() not in _PARTICLES
    )
    if middle_is_word:  # "Anna Maria Kowalski"
        middle = rest.pop(0)
    return " ".join(rest), given, middle


def check_name(name: str) -> str:
    """Accept a first or last name column's text.

    Raises:
        CellError: it is too long, or has not a single letter.
    """
    if len(name) > _MAX_NAME:
        raise CellError("The name is too long to be a name.")
    if not any(letter.isalpha() for letter in name):
        raise CellError("The name has no letters.")
    return name


def looks_swapped(names: Iterable[tuple[str, str]]) -> bool:
    """Whether (first, last) pairs look as if the two columns were exchanged.

    OpenEMR's own patient_list.csv has that fault (practice-systems.md 3(f)): its header says
    First, Last; its rows hold last, first.
    """
    right = wrong = 0
    for first, last in names:
        first_is_given = _first_word(first) in _GIVEN_NAMES
        last_is_given = _first_word(last) in _GIVEN_NAMES
        right += first_is_given and not last_is_given
        wrong += last_is_given and not first_is_given
    return wrong >= _ENOUGH_TO_SUSPECT and wrong > 2 * right


def _first_word(name: str) -> str:
    return name.lower().partition(" ")[0]


def parse_gender(text: str) -> str:
    """Give the FHIR AdministrativeGender.

    Raises:
        CellError: not a gender as practice systems write it.
    """
    word = text.lower().strip(" .")
    for code, words in (
        ("male", _MALE),
        ("female", _FEMALE),
        ("other", _OTHER_GENDER),
        ("unknown", _UNKNOWN_GENDER),
    ):
        if word in words:
            return code
    raise CellError("The gender is not one that is known here; it is left empty.")


def parse_language(text: str) -> str | None:
    """Give the BCP 47 tag of a language name or code; None for "declined" and the like.

    Raises:
        CellError: an unknown language.
    """
    word = text.lower().strip(" .")
    if word in {"declined", "declined to specify", "undetermined", "und", "unspecified"}:
        return None
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    regional = _REGIONAL.fullmatch(word)
    if regional and regional[1] in _LANGUAGES:
        return f"{_LANGUAGES[regional[1]]}-{regional[2].upper()}"
    first = re.split(r"[^\w]+", word, maxsplit=1)[0]
    if len(first) > len("eng") and first in _LANGUAGES:  # "Spanish; Castilian"
        return _LANGUAGES[first]
    raise CellError("The language is not one that is known here; it is left empty.")


def parse_zip(text: str) -> str:
    """Read a ZIP code; the zeros that a spreadsheet dropped come back ("2110" -> "02110").

    Raises:
        CellError: not a ZIP code of the United States.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{3,9}", digits):
        raise CellError("This is not a ZIP code; it is left empty.")
    if len(digits) <= len("02110"):
        return digits.zfill(5)
    plus_four = digits.zfill(9)
    return f"{plus_four[:5]}-{plus_four[5:]}"


def classify_payer(payer: str, plan: str = "", *, type_code: str = "") -> PayerClass:
    """Say who pays from the payer's name, else the plan's, else the coverage type (v3-ActCode).

    An unknown but named payer is commercial: public programs have the names that are known.
    """
    for name in (payer, plan):
        for pattern, found in (
            (_MEDICAID, PayerClass.MEDICAID),
            (_MEDICARE, PayerClass.MEDICARE),
            (_SELF_PAY, PayerClass.SELF_PAY),
            (_OTHER_PAYER, PayerClass.OTHER),
        ):
            if name and pattern.search(name):
                return found
    if type_code and type_code not in _NON_PUBLIC_TYPES:
        return PayerClass.OTHER
    return PayerClass.COMMERCIAL if payer or type_code else PayerClass.OTHER
