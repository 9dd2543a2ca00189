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
NAMED = re.compile(r"[^<>@]{1,200}<[^<>\s@]{1,64}@[^<>\s@]{1,255}>")
SENTENCE_END = re.compile(r"(?:[a-zà-ÿ]{5}\.|[!?])$")
WEEKDAY = re.compile(r"[^\W\d_]{2,12}[.,]{1,2}\s?\d")
TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
AFTER_WHEN = re.compile(
    r"(?i)[\s\d.,]{0,20}(?:г\.\s)?(?:(?:at|um|om|o|à|às|a las|alle|alle ore|kl\.?|klo|в|vào lúc)\s)?"
    r"[\s\d:.,h]{0,20}(?:[ap]\.?m\.?|uhr)?[\s,<(]{0,5}"
)
OPEN_END = (",", "<", "(")
FULLWIDTH_COLON = "\uff1a"
NEAR = 30
LONG = 55
MAX_LINES = 4
MAX_LENGTH = 600

STRONG = "strong"
WEAK = "weak"


def attribution(lines: Sequence[str], at: int) -> tuple[str, int] | None:
    """Tell whether an attribution begins at ``lines[at]``: its strength, and how many lines it has.

    It is strong with a date, a time or an address in it, and weak when it may as well be prose. What stands right
    above an attribution, with no empty line between, is none of it.
    """
    block = _block(lines, at)
    if not block or _first(block) > 0:
        return None
    strength = _strength(" ".join(block))
    return None if strength is None else (strength, len(block))


def unquoted(line: str) -> str:
    """Remove the quotation marks at the beginning of a line."""
    return line.lstrip("> \t\ufeff") if _is_marked(line) else line.lstrip("\ufeff")


def _block(lines: Sequence[str], at: int) -> list[str]:
    """Return the lines from ``at`` to the next that may end an attribution; none if there is no such line."""
    block: list[str] = []
    for line in lines[at : at + MAX_LINES]:
        block.append(unquoted(line).strip())
        joined = " ".join(block)
        if not block[-1] or len(joined) > MAX_LENGTH or _is_marked(line) is not _is_marked(lines[at]):
            return []
        if block[-1].endswith((":", FULLWIDTH_COLON)) or DATE_FIRST.fullmatch(joined):
            return block
        if SENTENCE_END.search(block[-1]):
            return []
    return []


def _first(block: Sequence[str]) -> int:
    """Return the line at which the attribution at the end of ``block`` begins.

    It is the last one that begins with a date, or else the last from which on there is an address.
    """
    joined = [" ".join(block[number:]) for number in range(len(block))]
    strong = [number for number, text in enumerate(joined) if _strength(text) == STRONG]
    dated = [number for number in strong if _begins(block, number)]
    addressed = [number for number in strong if ADDRESS.search(joined[number])]
    return max(dated or addressed, default=len(block) - 1)


def _begins(block: Sequence[str], at: int) -> bool:
    """Tell whether a line begins with a date, and goes on in the next line if it is not the last."""
    line = block[at]
    when = WHEN.search(line[: NEAR + 20])
    if when is None or when.start() > NEAR or not (STARTERS.match(line) or WEEKDAY.match(line)):
        return False
    if at == len(block) - 1 or line.endswith(OPEN_END) or AFTER_WHEN.fullmatch(line, when.end()):
        return True
    names_sender = NAMED.match(block[-1]) is not None
    is_wrapped = len(line) >= LONG
    has_time = TIME.search(line) is not None
    return has_time and is_wrapped if names_sender else has_time or is_wrapped


def _is_marked(line: str) -> bool:
    return line.startswith((">", " >"))


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
