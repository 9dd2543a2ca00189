"""Phone numbers: what looks like one, held against the numbering plans of libphonenumber.

A number with its country code is one wherever it stands. One without counts where a word for it stands before, or where
it is grouped as nothing else is; it has to be one of the countries that the tenant named.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers

from gateway.pii.context import Context
from gateway.pii.finding import Finding
from gateway.pii.words import any_of

#: Where numbers without a country code are looked for, unless the tenant says otherwise.
USUAL = ("US", "GB", "DE", "FR", "ES", "PT", "BR", "IN", "MX")
#: Countries with a numbering plan, by their two letters.
REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)
WRITTEN = re.compile(r"(?<![\w.,:/+\-#])(?:\+ ?|\()?\d(?:[ .\-/()]{0,3}\d){6,17}(?![^\W_])(?![.,:\-/]\d)")
WORDS = any_of(
    r"phone|\btel\b|\btel.|\btel:|mobile|\bcell|\bcall|\bfax|whats ?app|\bsms\b|\btext me|reach me|ring me|\bdial\b",
    r"my number|contact|telefon|\bhandy|mobil|\brufe\b|\brufen\b|\banruf|erreichbar|r[üu]ckruf",
    "meine-? ?nummer|ruf-? ?nummer|handy-? ?nummer",
    "tel[ée]fono|m[óo]vil|celular|ll[áa]m|n[úu]mero|t[ée]l[ée]phone|portable|appel|num[ée]ro|joign",
    r"telefone|telem[óo]vel|liga\b|ligar\b|ligue|telefoon|bel me|telefono|chiama",
    "फोन|फ\u093cोन|मोबाइल|नंबर|هاتف|جوال|رقم|اتصل|电话|手机|联系",
)
#: Dates, times and addresses of machines are written with the same signs.
ELSE = re.compile(
    r"(?:19|20)\d{2}[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?:\D.{0,12})?"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:19|20)\d{2}(?:\D.{0,12})?"
    r"|\d{1,3}(?:\.\d{1,3}){3}|(?:19|20)\d{2} ?[-/] ?(?:19|20)\d{2}|\d{1,3}(?:[. ]\d{3}){2,4}"
)
AMERICAN = re.compile(r"(?:1[ .\-])?\d{3}([ .\-])\d{3}\1\d{4}")
GROUPED = re.compile(r"\(\d{2,5}\)|\d[ .\-/]\d")
NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))
#: Each costs some 40 microseconds; what comes after so many in one text is judged by its looks.
MOST_LOOKED_UP = 60


def find_phones(context: Context, countries: Sequence[str] | None = None) -> Iterator[Finding]:
    """Find numbers.

    Args:
        context: the text.
        countries: those whose numbers are written without a country code; None: some large ones.
    """
    regions = tuple(USUAL if countries is None else countries)
    looked_up = 0
    for match in WRITTEN.finditer(context.text):
        written = match.group()
        digits = len(written) - len(written.translate(NO_DIGITS))
        if not 7 <= digits <= 15 or (written[0] == "(" and ")" not in written):
            continue
        known = looked_up < MOST_LOOKED_UP
        looked_up += 1
        sure = _international(written, known=known) if written[0] == "+" or written[:2] == "00" else 0.0
        if not sure and written[0] != "+":
            sure = _national(context, match, regions if known else None)
        if sure:
            yield Finding("phone", "phone", match.start(), match.end(), sure)


def _international(written: str, *, known: bool) -> float:
    if not known:
        return 0.6
    return 0.97 if _is_number(written if written[0] == "+" else "+" + written[2:], None) else 0.0


def _national(context: Context, match: re.Match[str], regions: tuple[str, ...] | None) -> float:
    """Tell how sure it is; without regions by its looks."""
    written = match.group()
    mine = context.last(WORDS, match.start())
    if mine < 0 and not (GROUPED.search(written) is not None and (written[0] in "(0" or _american(written))):
        return 0.0
    if ELSE.fullmatch(written) or context.is_of_other(match.start(), mine):
        return 0.0
    if regions is not None and not any(_is_number(written, region) for region in regions):
        return 0.0
    if regions is None:
        return 0.6
    return 0.93 if mine >= 0 else 0.75 if written[0] in "(0" else 0.65


def _american(written: str) -> bool:
    return AMERICAN.fullmatch(written) is not None


@lru_cache(2048)
def _is_number(written: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))
