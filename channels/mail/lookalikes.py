"""What a text looks like to a person, whatever characters it is written with."""

import unicodedata

# Compatibility forms, as U+FF20, are known to Unicode; these are signs of their own that are read as "@" and ".".
READ_AS = {
    **dict.fromkeys(map(ord, "\u24b6\u24d0\U0001f150\U0001f170"), "@"),
    **dict.fromkeys(map(ord, "\u3002\u06d4\u0701\u0702"), "."),
}


def looks_like(text: str) -> str:
    """Return ``text`` with "@" and "." in place of their lookalikes, and without characters that are not seen."""
    folded = unicodedata.normalize("NFKC", text.translate(READ_AS)).translate(READ_AS)
    return "".join(char for char in folded if unicodedata.category(char) != "Cf")
