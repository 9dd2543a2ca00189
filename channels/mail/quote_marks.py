"""How mail programs mark quoted mail in HTML.

Seen in mail of Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Proton and Spark.
"""

from channels.mail.markup import Tag
from channels.mail.wordsets import words

# Gmail's and Proton's outer div is no quote: answers between the quotes stand within it.
BLOCKQUOTE_CLASSES = words("gmail_quote protonmail_quote")
QUOTE_CLASSES = words("gmail_attr moz-cite-prefix yahoo_quoted zmail_extra")
SIGNATURE_CLASSES = words("gmail_signature moz-signature protonmail_signature_block applemailsignature")
SIGNATURE_IDS = frozenset({"applemailsignature", "ms-outlook-mobile-signature"})
QUOTE = "quote"
SIGNATURE = "signature"
REST = "rest"
SECTIONS = {"messageReplySection": QUOTE, "messageSignatureSection": SIGNATURE}
END_IDS = frozenset({"divrplyfwdmsg", "appendonsend", "reply-intro"})


def fold_of(tag: Tag) -> str | None:
    """Tell what this element holds and nothing else: a quote or a signature; None for anything else."""
    attributes = tag.attributes
    if not attributes:
        return None
    classes = attributes.get("class", "")[:500].lower().split()
    if tag.name == "blockquote":
        is_cited = attributes.get("type", "").lower() == "cite" or not BLOCKQUOTE_CLASSES.isdisjoint(classes)
        return QUOTE if is_cited else None
    own_id = attributes.get("id", "").lower().removeprefix("x_")
    if own_id in SIGNATURE_IDS or not SIGNATURE_CLASSES.isdisjoint(classes):
        return SIGNATURE
    named = SECTIONS.get(attributes.get("name", ""))
    if named is not None:
        return named
    return None if QUOTE_CLASSES.isdisjoint(classes) else QUOTE


def ends_reply(tag: Tag) -> bool:
    """Tell whether everything from this element on is an earlier mail."""
    if tag.name == "hr":
        return tag.attributes.get("tabindex") == "-1"
    return tag.attributes.get("id", "").lower().removeprefix("x_") in END_IDS
