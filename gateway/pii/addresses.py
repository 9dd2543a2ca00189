"""Postal addresses: a street as it is written in some languages, with its number, and what follows of town and code.

Nothing proves one: they are told by their words, so that what is unusual is missed.
"""

import re
from collections.abc import Iterator

from gateway.pii.finding import Finding

WORD = r"[\w'’.\-]{1,30}"
#: Words of a name, a blank behind each.
NAME = r"(?:[^\W\d_][\w'’.\-]{0,29} ){1,4}"
CAPITAL = r"[A-ZÄÖÜ][\w.\-]{0,29}"
#: The number of a house.
HOUSE = r"\d{1,4}(?: ?[a-z])?(?:[-/]\d{1,4}[a-z]?)?(?!\w)"
#: The same behind a name: "Calle Mayor, 5", "Rua Augusta nº 12".
BEHIND = rf"(?:, ?| )(?:[nN][º°o]?\.? ?|# ?)?{HOUSE}"
BEFORE = r"(?<![\w.,/\-])\d{1,5}"

ENGLISH = (
    "street|avenue|road|lane|drive|court|boulevard|way|place|square|terrace|close|crescent|highway|parkway"
    "|st|ave|rd|ln|dr|blvd|sq|hwy|pkwy"
)
GERMAN = "straße|strasse|str\\.|weg|platz|allee|gasse|ring|damm|ufer|[ \\-](?:Straße|Strasse|Str\\.|Weg|Platz|Allee)"
SPANISH = "calle|c/|avenida|avda\\.?|av\\.|plaza|paseo|carrera|cra\\.?|camino"
FRENCH = "rue|avenue|boulevard|bd|place|chemin|all[ée]e|impasse|quai|route|cours"
PORTUGUESE = "rua|avenida|av\\.|travessa|pra[çc]a|largo|alameda|rodovia|estrada"
#: A German street that is named after where it is, which is one only when a code and a town follow.
AT = "de at"
STREETS = (
    ("en", re.compile(rf"{BEFORE}[a-z]? {NAME}(?i:{ENGLISH})\b\.?")),
    ("de", re.compile(rf"\b{CAPITAL}(?: {CAPITAL}){{0,2}}?(?:{GERMAN}) {HOUSE}")),
    (AT, re.compile(rf"\b(?:Am|An der|Im|In der|Auf der|Zum|Zur) {CAPITAL}(?: {CAPITAL})? {HOUSE}")),
    ("es", re.compile(rf"\b(?i:{SPANISH}) ?(?:{WORD} ){{0,4}}{WORD}{BEHIND}")),
    ("fr", re.compile(rf"{BEFORE}(?: ?(?:bis|ter|[a-d]))?,? (?i:{FRENCH}) (?:{WORD} ){{0,4}}[^\W\d_]{WORD}")),
    ("pt", re.compile(rf"\b(?i:{PORTUGUESE}) (?:{WORD} ){{0,4}}{WORD}{BEHIND}")),
    ("it", re.compile(rf"\b(?i:via|viale|piazza|corso|vicolo) (?:{WORD} ){{0,4}}{WORD}{BEHIND}")),
    ("nl", re.compile(rf"\b[A-Z][\w.\-]{{1,30}}(?:straat|laan|plein|gracht|kade|singel|dijk) {HOUSE}")),
    ("zh", re.compile(r"[\u4e00-\u9fff]{1,16}(?:路|街|大道|巷|胡同)\d{1,5}号")),
)
FLAT = r"(?:,? (?i:apt|apartment|flat|suite|unit|piso|apto|bloco|appt|wohnung)\.? #?\w{1,6})?"
BRITISH = r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"
TOWN = r"[^\W\d_][\w'’.\-]{1,30}"
#: What may follow: a flat; a code and a town, or a town and a code. Codes of some countries are told by their form.
MORE = re.compile(
    rf"{FLAT}(?:(?:, ?|\n| )(?:\d{{4,5}}(?:-\d{{3,4}})?|{BRITISH})(?: {TOWN}){{0,3}}"
    rf"|(?:, ?|\n)(?:{TOWN} ?){{1,3}}(?:, ?| )(?:[A-Z]{{2}} )?"
    rf"(?:\d{{5}}(?:-\d{{3,4}})?|{BRITISH}|\d{{4}}-\d{{3}}|\d{{4}} ?[A-Z]{{2}}|\d{{6}})(?!\d))?"
)
#: What follows a street and is longer than this is a code or a town.
LONGEST_SCRAP = 4


def find_addresses(text: str) -> Iterator[Finding]:
    """Find addresses; the detector is the language of the street."""
    for language, pattern in STREETS:
        for street in pattern.finditer(text):
            more = MORE.match(text, street.end())
            end = street.end() if more is None else more.end()
            if end - street.end() > LONGEST_SCRAP:
                yield Finding("postal_address", language.removesuffix(" at"), street.start(), end, 0.9)
            elif language != AT:
                yield Finding("postal_address", language, street.start(), end, 0.7)
