"""How mail programs mark quoted mail in HTML.

Seen in mail of Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Proton and Spark.
"""

from channels.mail.markup import Tag
from channels.mail.wordsets import words

# Gmail's and Proton's outer div is no quote: answers between the quotes stand within it.
BLOCKQUOTE_CLASSES = words("gmail_quote protonmail_quote")
QUOTE_CLASSES = words(
    "gmail_attr gmail_signature moz-cite-prefix moz-signature yahoo_quoted protonmail_signature_block zmail_extra"
)
QUOTE_IDS = ("applemailsignature",)
END_IDS = frozenset({"divrplyfwdmsg", "appendonsend", "reply-intro"})


def is_quote(tag: Tag) -> bool:
    """Tell whether this element holds quoted mail or a signature, and nothing else."""
    attributes = tag.attributes
    classes = attributes.get("class", "")[:500].lower().split()
    if tag.name == "blockquote":
        return attributes.get("type", "").lower() == "cite" or not BLOCKQUOTE_CLASSES.isdisjoint(classes)
    if attributes.get("name") == "messageReplySection" or attributes.get("id", "").lower() in QUOTE_IDS:
        return True
    return not QUOTE_CLASSES.isdisjoint(classes)


def ends_reply(tag: Tag) -> bool:
    """Tell whether everything from this element on is an earlier mail."""
    if tag.name == "hr":
        return tag.attributes.get("tabindex") == "-1"
    return tag.attributes.get("id", "").lower().removeprefix("x_") in END_IDS
