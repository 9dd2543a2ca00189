"""Bytes to text, for labels that are wrong, missing or unknown.

A label says what the sender's program believed. The table maps it to the superset that real
mail uses: Windows-1252 bytes are sent as ISO-8859-1, GBK as GB2312, NEC extensions as Shift_JIS.
"""

import codecs
import re

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
LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,39}")
UNSTORABLE = dict.fromkeys([0], "")  # PostgreSQL's text has no NUL


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
    return storable(raw.decode(charset or "cp1252", "replace"))


def storable(text: str) -> str:
    """Remove what a database refuses to keep: NUL, and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode("utf-8").translate(UNSTORABLE)


def _charset(label: str | None) -> str | None:
    """Return the codec to use for a label; None when it says nothing that helps."""
    name = (label or "").strip(" \t\r\n\"'").lower()
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
