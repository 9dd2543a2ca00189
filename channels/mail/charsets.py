"""Bytes to text, for labels that are wrong, missing or unknown.

A label says what the sender's program believed. The table maps it to the superset that real
mail uses: Windows-1252 bytes are sent as ISO-8859-1, GBK as GB2312, NEC extensions as Shift_JIS.
"""

import codecs
import re
from functools import lru_cache

SUPERSETS = {
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
}
ALIASES = {
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "windows-31j": "cp932",
    "gb_2312-80": "gb18030",
    "x-mac-roman": "mac-roman",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
# Codecs that are no charsets; punycode's decoder is quadratic besides.
NOT_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
UNDECLARED = frozenset({"", "ascii", "us-ascii", "ansi_x3.4-1968", "unknown", "unknown-8bit", "x-unknown", "default"})
CODE_PAGE = re.compile(r"(?:x-)?(?:windows|win|cp|ibm)[-_]?(\d{3,5})")
#: With the marks around it.
LONGEST_LABEL = 100
LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,39}")
#: Bytes behind which another one would mean something else, where several make a character.
NEXT = b" 0A[~\x81\xa1\xff"
#: Where bytes that can't be read are looked at one by one, which takes a tenth of a second for a megabyte of them.
SLOW_TO_REPAIR = frozenset({"utf-7"})


def decode(raw: bytes, label: str | None) -> str:
    """Decode ``raw`` as well as it can be done; never raises.

    The label's superset is tried first, then UTF-8, then the superset with replacement marks.
    Without a usable label it is UTF-8, then Windows-1252.
    """
    charset = _charset(label)
    if charset is not None and (text := _strictly(raw, charset)) is not None:
        return storable(text)
    # Text in escape sequences is ASCII, and so would pass for UTF-8.
    is_seven_bit = charset is not None and charset.startswith(("iso2022", "hz")) and raw.isascii()
    if not is_seven_bit and (text := _strictly(raw, "utf-8")) is not None:
        return storable(text)
    return storable(_repaired(raw, charset or "cp1252"))


def storable(text: str) -> str:
    """Remove what a database refuses to keep: NUL, and halves of surrogate pairs."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\0", "")  # PostgreSQL's text has no NUL


def _charset(label: str | None) -> str | None:
    """Return the codec to use for a label; None when it says nothing that helps."""
    return _charset_of((label or "")[:LONGEST_LABEL])


@lru_cache(256)
def _charset_of(label: str) -> str | None:
    name = label.strip(" \t\r\n\"'").lower()
    if name in UNDECLARED or LABEL.fullmatch(name) is None:
        return None
    try:
        codec = codecs.lookup(ALIASES.get(name) or CODE_PAGE.sub(r"cp\1", name)).name
        "".encode(codec)
    except (LookupError, UnicodeError):
        return None  # unknown here, or a transformation such as base64 and no charset
    return None if codec.replace("-", "_") in NOT_CHARSETS else SUPERSETS.get(codec, codec)


def _strictly(raw: bytes, charset: str) -> str | None:
    try:
        return raw.decode(charset)
    except UnicodeError:
        return None


def _repaired(raw: bytes, charset: str) -> str:
    """Decode with marks in the place of what can't be read."""
    if charset in SLOW_TO_REPAIR:
        charset = "cp1252"
    table = _table(charset)
    return raw.decode(charset, "replace") if table is None else codecs.charmap_decode(raw, "strict", table)[0]


@lru_cache(64)
def _table(charset: str) -> str | None:
    """Return what each byte stands for, and a mark for none; None: in this charset bytes don't stand for themselves.

    Python calls a function for each byte that has no meaning; with a table it does not.
    """
    table = "".join(bytes([byte]).decode(charset, "replace") for byte in range(256))
    pairs = [bytes([first, second]) for second in NEXT for first in range(256)]
    read = "".join(table[byte] for pair in pairs for byte in pair) if len(table) == 256 else None
    return table if b"".join(pairs).decode(charset, "replace") == read else None
