"""Who must not be called: read out of columns, statuses and free notes.

practice-systems.md 4, "Never dial". The rule for doubt: a clear "do not call" in any spelling
stops every call; anything that might mean it goes to a person, never past them.
"""

from __future__ import annotations

import enum
import re
import unicodedata

from coordinator_app.practice_systems.header_map import Field
from coordinator_app.practice_systems.values import parse_flag


class Finding(enum.Enum):
    """What a text says about calling; the value is the sentence for the report."""

    DO_NOT_CALL = "The patient must not be called."
    UNCLEAR_CONSENT = "Whether the patient may be called is not clear."
    DECEASED = "The patient is marked as deceased."
    UNCLEAR_DEATH = "A death is mentioned; it is not clear whose."
    DISCONNECTED = "A phone number is marked as disconnected or wrong."
    LEFT_PRACTICE = "The patient is marked as having left the practice."
    LEGAL = "A lawyer or a complaint is mentioned."
    RECORD_NOT_IN_USE = "The record is marked as archived, deleted or merged."
    PREFERS_OTHER = "The patient prefers another way of contact than the phone."


_CALL = r"(?:call|phone|ring|dial|telephone|contact|solicit)(?:s|ed|ing)?"
_NOT = (
    r"(?:do\s*n[o']?[tr]|[a-z]+n't|don t|dont|never|(?:must|should|may|shall|could|will) not"
    r"|can ?not|cant|please no)"
)
_DO_NOT_CALL = re.compile(
    rf"\bd[ .]?n[ .]?c\b|\b{_NOT}\s+(?:ever\s+)?(?:be\s+)?{_CALL}\b|\bdo\s*not\s*{_CALL}"
    rf"|\bno\s+(?:more\s+|further\s+)?(?:phone\s+|telephone\s+|recall\s+)?(?:calls?|contact|calling)\b"
    rf"|\bstop\s+{_CALL}|\bnot\s+(?:to\s+)?(?:be\s+)?(?:called|contacted|call|contact)\b"
    r"|\b(?:remove|take|taken|removed)\b.{0,30}\b(?:off|from)\b.{0,20}\blists?\b"
    r"|\bopt(?:ed)?[ -]?out\b|\bcease\b|\bno\s+llam(?:ar|e|en)\b|\brefuses?\s+(?:all\s+)?calls?\b"
    r"|\b(?:does|do|did)\s*(?:not|n t)\s+(?:want|wish|like)\b.{0,25}\b(?:call|contact)"
    r"|\bno\s+longer\s+(?:wants?|wishes)\b.{0,25}\b(?:call|contact)"
)
# A limit on a refusal ("do not call before noon", "do not call at work") needs a person.
_LIMITED = re.compile(
    r"\b(?:before|after|until|till|unless|except|at work|at home|on (?:mon|tue|wed|thu|fri|sat|sun)"
    r"|between|mornings?|evenings?|afternoons?|weekends?|weekdays?|work|cell|mobile|landline|husband"
    r"|wife|spouse|mother|father|parents?|son|daughter|early|late|during|too)\b"
)
_NEGATED = re.compile(r"\b(?:not|no|remove|removed|was|former|previous|old)\s+(?:a\s+|on\s+)?dnc\b")
_PERHAPS = re.compile(
    r"\bask\b.{0,20}\bbefore\b|\bcheck\b.{0,20}\bbefore\b.{0,10}\bcall|\bsee\s*notes?\b"
    rf"|\bcaution\b|\b(?:prefers?|wants?)\s+(?:no|not)\b|\bnot\s+(?:a\s+)?good\s+time\b|\b{_NOT}\b"
    r"|\bwith permission only\b|\bonly\s+(?:call|contact)\b|\b(?:call|contact)\b.{0,20}\bonly\b"
)
_DEAD = re.compile(
    r"\bdeceased\b|\bdecsd\b|\bdied\b|\bpassed away\b|\b(?:patient|pt)\s+(?:has\s+)?expired\b"
    r"|\bdate of death\b|\bd\.?o\.?d\.?\b|\br\.?i\.?p\b|\b(?:patient|pt)\s+(?:is\s+)?dead\b"
    r"|\bfallecid[oa]\b|\bfalleci[oó]\b|^dead$|^expired$"
)
_RELATIVE = re.compile(
    r"\b(?:mother|father|mom|dad|husband|wife|spouse|partner|son|daughter|brother|sister|child"
    r"|parent|grand\w+|aunt|uncle|friend|family|dog|not)\b"
)
_DISCONNECTED = re.compile(
    r"\bdis[ck]on(?:n(?:ected)?)?\b|\bdisc\s+(?:ph|num|phone)|\bnot in service\b|\bout of service\b"
    r"|\bwrong (?:number|num|phone|#)|\bbad (?:phone|number|ph)\b|\bnumber (?:is )?invalid\b"
    r"|\binvalid (?:phone|number)\b|\bno longer in service\b"
)
_LEFT = re.compile(
    r"\bdismiss(?:ed)?\b|\bdischarged from (?:the )?practice\b|\btransferred\b|\bmoved away\b"
    r"|\bleft (?:the )?practice\b|\bnew (?:doctor|provider|dentist|pcp)\b|\bterminated\b"
    r"|\bgoing elsewhere\b|\bno longer (?:a )?patient\b"
)
_LEGAL = re.compile(r"\b(?:attorney|lawyer|lawsuit|litigation|subpoena|restraining order)\b")
_NOT_IN_USE = re.compile(r"\b(?:archived|deleted|merged|duplicate|test patient|do not use)\b")
_NO_SHOW = re.compile(
    r"\bno[ -]?call[\s,/&-]*(?:and\s+)?no[ -]?show\b|\bno[ -]?show[\s,/&-]*no[ -]?call\b"
)
_NOT_ABOUT_CALLING = re.compile(
    r"\bn[o']?t\b\s+(?:leave|take|text|e-?mail|bill|prescribe|give|send)\b"
)


def read_note(text: str) -> frozenset[Finding]:
    """Find every restriction that a free note or a status mentions."""
    plain = _plain(text)
    plain = _NO_SHOW.sub(" missed visit ", plain)
    found: set[Finding] = set()
    refusal = _DO_NOT_CALL.search(plain)
    if refusal:
        unclear = bool(_LIMITED.search(plain)) or bool(_NEGATED.search(plain))
        found.add(Finding.UNCLEAR_CONSENT if unclear else Finding.DO_NOT_CALL)
    elif _PERHAPS.search(_NOT_ABOUT_CALLING.sub(" ", plain)) and re.search(_CALL, plain):
        found.add(Finding.UNCLEAR_CONSENT)
    if _DEAD.search(plain):
        found.add(Finding.UNCLEAR_DEATH if _RELATIVE.search(plain) else Finding.DECEASED)
    for pattern, finding in (
        (_DISCONNECTED, Finding.DISCONNECTED),
        (_LEFT, Finding.LEFT_PRACTICE),
        (_LEGAL, Finding.LEGAL),
        (_NOT_IN_USE, Finding.RECORD_NOT_IN_USE),
    ):
        if pattern.search(plain):
            found.add(finding)
    return frozenset(found)


def read_consent(field: Field, text: str) -> frozenset[Finding]:
    """Read a consent column; what "yes" means depends on what the column asks."""
    if not text:
        return frozenset()
    if field is Field.CONTACT_METHOD:
        return _contact_method(text)
    found = read_note(text)
    if found:
        return found
    answer = parse_flag(text)
    if answer is None:
        return frozenset({Finding.UNCLEAR_CONSENT})
    may_call = answer if field is Field.CONSENT_TO_CALL else not answer
    return frozenset() if may_call else frozenset({Finding.DO_NOT_CALL})


def read_status(text: str) -> frozenset[Finding]:
    """Read a patient or recall status: the notes' rules, plus the bare words of a list."""
    word = re.sub(r"[^a-z]", "", _plain(text))
    if word in {"nonpatient", "archive", "inactivenonpatient"}:
        return frozenset({Finding.RECORD_NOT_IN_USE})
    if word.startswith("waitseenotes") or word == "seenotes":
        return frozenset({Finding.UNCLEAR_CONSENT})
    return read_note(text)


def _contact_method(text: str) -> frozenset[Finding]:
    found = read_note(text)
    if found:
        return found
    word = re.sub(r"[^a-z]", "", _plain(text))
    if word in {"mail", "email", "textmessage", "text", "sms", "portal", "letter", "post"}:
        return frozenset({Finding.PREFERS_OTHER})
    known = ("phone", "call", "cell", "mobile", "wireless", "voice", "home", "work", "ph", "any")
    if word in {"", "none", "nopreference"} or any(part in word for part in known):
        return frozenset()
    return frozenset({Finding.UNCLEAR_CONSENT})


def _plain(text: str) -> str:
    """Lower case, straight quotes, "DoNotCall" and "do-not-call" as three words."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[\u2018\u2019\u02bc`\u00b4]", "'", text)
    text = re.sub(r"donot(?=call|contact|phone)", "do not ", text)
    return " ".join(re.sub(r"[_/\\-]+", " ", text).split())
