"""The lines that mail programs write above quoted mail, in many languages.

Every expression is bounded or anchored, so that a hostile line costs time in proportion to its
length and no more.
"""

import re
from collections.abc import Sequence

STARTERS = re.compile(
    r"(?i)(?:on|am|le|el|il|op|em|den|på|pe|w dniu|dnia|dne|v|vào|pada|il giorno|a\(z\)|ti|tir|"
    r"2[0-9]{3}[-/.年]|[0-9]{1,2}[-/. ])(?=[\s\d,.]|$)|在|于|於"
)
VERBS = re.compile(
    r"(?i)\b(?:wrote|writes|schrieb|schrieben|geschrieben|a écrit|écrit|escribió|escribio|ha scritto|scrisse|"
    r"schreef|geschreven|escreveu|skrev|skrifaði|napisał|napisała|napsal|napsala|kirjoitti|"
    r"írta|a scris|menulis|yazdı|đã viết|написал|написала|пише|писал|έγραψε)\b|"
    r"napisał\(a\)|写道|寫道|のメール|작성"
)
WHEN = re.compile(
    r"\d{1,2}[:.h]\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[-/.年]\s?\d{1,2}|\b(?:19|20)\d{2}\b|"
    r"\b\d{1,2}\.?\s{1,3}(?:jan|feb|fév|mar|mär|apr|abr|avr|may|mai|maj|mag|jun|jui|giu|jul|lug|aug|aoû|"
    r"ago|sep|set|oct|okt|ott|out|nov|dec|dez|dic|déc|gen|ene)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
DATE_FIRST = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b[^<]{0,200}<[^<>\s]{1,64}@[^<>\s]{1,255}>\s*[:\uff1a]?")
NAMED_LAST = re.compile(r"<[^<>\s@]{1,64}@[^<>\s@]{1,255}>\s{0,3}[:\uff1a]$")
SENTENCE_END = re.compile(r"(?:[a-zà-ÿ]{5}\.|[!?])$")
FULLWIDTH_COLON = "\uff1a"
MAX_LINES = 4
MAX_LENGTH = 600

STRONG = "strong"
WEAK = "weak"


def attribution(lines: Sequence[str], at: int) -> tuple[str, int] | None:
    """Tell whether an attribution begins at ``lines[at]``: its strength, and how many lines it has.

    It is strong with a date, a time or an address in it, and weak when it may as well be prose.
    """
    joined = ""
    for count in range(1, MAX_LINES + 1):
        line = unquoted(lines[at + count - 1]).strip() if at + count <= len(lines) else ""
        joined = f"{joined} {line}".strip()
        if not line or len(joined) > MAX_LENGTH:
            return None
        if line.endswith((":", FULLWIDTH_COLON)) or DATE_FIRST.fullmatch(joined):
            strength = _strength(joined)
            return None if strength is None else (strength, count)
        if SENTENCE_END.search(line):
            return None
    return None


def unquoted(line: str) -> str:
    """Remove the quotation marks at the beginning of a line."""
    return line.lstrip("> \t\ufeff") if line.startswith((">", " >")) else line.lstrip("\ufeff")


def _strength(joined: str) -> str | None:
    if DATE_FIRST.fullmatch(joined):
        return STRONG
    if NAMED_LAST.search(joined) is not None and WHEN.search(joined) is not None:
        return STRONG
    if VERBS.search(joined) is None:
        return None
    if ADDRESS.search(joined) is not None:
        return STRONG
    begins = STARTERS.match(joined) is not None
    if begins and WHEN.search(joined) is not None:
        return STRONG
    return WEAK
