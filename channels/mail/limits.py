"""How much of one mail is read; the rest stays in the raw webhook, which the ledger keeps."""

MAX_PARTS = 1000
"""MIME parts of one mail, nested ones included."""

MAX_DEPTH = 50
"""Multiparts within multiparts."""

MAX_HEADER_BYTES = 256 * 1024
"""Bytes of one header block that are read."""

MAX_HEADER_LINES = 10_000
"""Lines of one header block that are read."""

MAX_PART_HEADER_BYTES = 32 * 1024
"""Bytes of the header block of a part inside a mail that are read."""

MAX_ADDRESSES = 500
"""Addresses taken from one header."""

MAX_ADDRESS_RUNS = 2_500
"""Pieces of one header of addresses that are looked at: words, and the marks between them. An address takes four."""

MAX_ADDRESS_ITEM = 4000
"""Characters of one item of such a header in which an address is looked for."""

MAX_REFERENCES = 100
"""Message-IDs kept of a References header: the first and the newest ones."""

MAX_TEXT = 1024 * 1024
"""Characters of text kept for display."""

MAX_HTML = 2 * 1024 * 1024
"""Characters of HTML given to the sanitiser."""

MAX_FILENAME = 150
"""Characters of a file's display name."""

MAX_SUBJECT = 2000
"""Characters of a decoded subject or display name."""

MAX_REPORT_RECIPIENTS = 500
"""Recipients taken from one delivery report."""

MAX_HEADER_TEXT = 64 * 1024
"""Characters of a header that its text is decoded from."""

MAX_ENCODED_WORDS = 5_000
"""Encoded words of one header that are decoded."""

MAX_FLOWED_LINES = 20_000
"""Lines with soft ends that are joined."""

MAX_FOLDED_LINES = 20_000
"""Lines of a text in which quotes and signatures are looked for; nothing of a longer one is folded away."""

PREVIEW_LENGTH = 200
"""Characters of the one-line preview."""
